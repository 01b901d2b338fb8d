/**
 * W5: ROUGE-1/L of 10,000 pairs, and BM25 top 8 of histories, against rouge_score and rank_bm25; exact.
 *
 *   npx tsx bench/w5.ts [--python .venv/bin/python] [--rounds 5] [--json]
 *
 * Peer and ours alternate in one run; printed are medians of wall and processor time and their ratios.
 */
import { join } from "node:path";
import { stream } from "../src/core/random.ts";
import { rouge1L } from "../src/metrics/rouge.ts";
import { bestPositions } from "../src/retrieval/best.ts";
import { bm25Scores } from "../src/retrieval/bm25.ts";
import {
  argument,
  type Measurement,
  median,
  needPeers,
  type Peer,
  peakGb,
  say,
  sayJson,
  startPeer,
  type Timed,
  timed,
} from "./side-by-side.ts";
import { articles } from "./texts.ts";

const rounds = Number(argument("--rounds", "5"));
const news = articles();

/** Headlines, each against another one: the lengths that LaMP scores. */
function pairs(): [string, string][] {
  const random = stream("w5");
  return Array.from({ length: 10_000 }, () => [random.pick(news).title, random.pick(news).title]);
}

/** 200 histories of LaMP-4's size (some 280 items a query), put together from the news items. */
function histories(): [docs: string[], query: string][] {
  const items = news.map(({ title, text }) => `${title} ${text}`);
  const random = stream("w5", "histories");
  return Array.from({ length: 200 }, () => [
    Array.from({ length: 100 + random.int(360) }, () => random.pick(items)),
    random.pick(news).text,
  ]);
}

interface Work {
  readonly name: string;
  /** As the peer calls it. */
  readonly work: "rouge" | "bm25";
  readonly ours: () => ArrayLike<number>[];
  /** How far results may differ. */
  readonly within: number;
}

interface Part extends Measurement {
  readonly largest_difference: number;
}

async function compare(peer: Peer, { name, work, ours, within }: Work): Promise<Part> {
  const times: { peer: Timed[]; ours: Timed[] } = { peer: [], ours: [] };
  let [worst, peerPeak] = [0, 0];
  // Both warm: a run of W5 is thousands of texts into one.
  for (let warm = 0; warm < 2; warm++) ours();
  await peer.ask({ work });
  for (let round = 0; round < rounds; round++) {
    const theirs = await peer.ask<Timed & { peak_gb: number; result: number[][] }>({ work });
    times.peer.push(theirs);
    peerPeak = theirs.peak_gb;
    const mine = timed(ours);
    times.ours.push(mine);
    for (const [i, row] of theirs.result.entries())
      for (const [j, value] of row.entries())
        worst = Math.max(worst, Math.abs(value - (mine.result[i]?.[j] ?? Number.NaN)));
  }
  const of = (which: "peer" | "ours", clock: "wall" | "cpu") => median(times[which].map((one) => one[clock]));
  const line = (clock: "wall" | "cpu") =>
    `${clock} ${of("peer", clock).toFixed(3)} s → ${of("ours", clock).toFixed(3)} s, ${(of("peer", clock) / of("ours", clock)).toFixed(1)}×`;
  say(`${name}: ${line("wall")}; ${line("cpu")}; largest difference ${worst.toExponential(1)}`);
  if (!(worst <= within)) throw new Error(`${name}: results differ by ${worst}`);
  return { ...measured(of("ours", "wall"), of("peer", "wall"), peerPeak), largest_difference: worst };
}

function measured(ours: number, peer: number, peerPeak: number): Measurement {
  return { ours, peer, ratio: peer / ours, peak_gb: peakGb(), peer_peak_gb: peerPeak, of_limit: null };
}

needPeers();
const data = { pairs: pairs(), rows: histories() };
const peer = await startPeer(join(import.meta.dirname, "peers/w5.py"));
await peer.ask({ load: data });
const rouge = await compare(peer, {
  name: "ROUGE-1/L, 10,000 pairs",
  work: "rouge",
  ours: () => data.pairs.map(([a, b]) => rouge1L(a, b)),
  within: 1e-12,
});
const bm25 = await compare(peer, {
  name: `BM25 top 8, ${data.rows.length} histories`,
  work: "bm25",
  ours: () =>
    data.rows.map(([docs, query]) => {
      const scores = bm25Scores(docs, query);
      bestPositions(scores, 8);
      return scores;
    }),
  within: 1e-9,
});
peer.stop();
// The whole of W5 is both, one after the other; each has a target of its own.
const whole = measured(rouge.ours + bm25.ours, (rouge.peer ?? 0) + (bm25.peer ?? 0), bm25.peer_peak_gb ?? 0);
sayJson({ ...whole, rouge, bm25 });
