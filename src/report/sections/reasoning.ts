import type { Prediction } from "../../eval/types.ts";
import { methodLabel } from "../../methods/tables.ts";
import type { Art } from "../art.ts";
import { cutChain, tagLegend } from "../chain-html.ts";
import { percent, whole } from "../format.ts";
import { html, notRun, type Safe, type Section, table } from "../html.ts";
import { hueIndex } from "../palette.ts";
import { bars } from "../plots/bars.ts";
import { lengthPlot, summarise } from "../plots/lengths.ts";
import type { RunFiles } from "../read-run.ts";

/** How the models reason: which tags they use and how long they talk (the paper's Figure 5). */
export function reasoningSection(run: RunFiles, art: Art): Section {
  const body =
    run.predictions.size === 0
      ? notRun("Evaluation")
      : html`<h3>Tags</h3>${tagDistribution(run, art)}<h3>Length</h3>${lengths(run, art)}`;
  return { id: "reasoning", title: "How it reasons", body };
}

/** Steps by tag; a tag outside the allowed set counts as `other`. */
export function countTags(responses: Iterable<string>, tags: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>(tags.map((tag) => [tag, 0]));
  for (const response of responses)
    for (const { tag } of cutChain(response).parts) {
      if (tag === null) continue;
      const name = tags.includes(tag) ? tag : "other";
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  return counts;
}

function tagDistribution(run: RunFiles, art: Art): Safe {
  const sources = [
    ["training chains", "chains", run.jsonl("chains/chains.jsonl").map((row) => String(row.completion ?? ""))] as const,
    ...["rag-r", "sft-r", "guided", "tagpr"].map(
      (name) =>
        [
          methodLabel(name, run.result?.labels),
          name,
          (run.predictions.get(name) ?? []).map((p) => p.response),
        ] as const,
    ),
  ];
  const counted = sources.map(([label, slug, texts]) => ({ label, slug, counts: countTags(texts, run.tags) }));
  const used = counted.filter(({ counts }) => total(counts) > 0);
  if (used.length === 0) return html`<p class="none">No response uses tags.</p>`;
  const max = Math.max(...used.flatMap(({ counts }) => [...counts.values()].map((n) => n / total(counts))));
  const pictures = used.map(({ label, slug, counts }) => {
    const n = total(counts);
    const rows = [...counts].map(([tag, count]) => ({
      label: tag,
      value: count / n,
      text: percent(count / n),
      hue: hueIndex(tag, run.tags),
    }));
    return art.show(
      bars(art.canvas, {
        name: `tags-${slug}`,
        alt: `Share of each tag, ${label}: ${rows.map((row) => `${row.label} ${row.text}`).join(", ")}.`,
        caption: html`<strong>${label}</strong>: ${whole(n)} tagged steps`,
        bars: rows,
        max,
      }),
    );
  });
  return html`<p>Share of each tag among all tagged steps, in greedy answers to the held-out queries and in the chains that
SFT learnt from. Each tag keeps its colour throughout this page.</p>${tagLegend(run.tags)}<div class="grid">${pictures}</div>`;
}

const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

function lengths(run: RunFiles, art: Art): Safe {
  const order = ["zero-shot-r", "rag-r", "sft-r", "guided", "tagpr"];
  const rows = order.flatMap((name, i) => {
    const tokens = (run.predictions.get(name) ?? []).map((p: Prediction) => p.tokens);
    return tokens.length > 0
      ? [summarise(methodLabel(name, run.result?.labels), i === 1 ? 8 : i === 4 ? 0 : 4, tokens)]
      : [];
  });
  if (rows.length === 0) return notRun("Methods with reasoning");
  return html`${art.show(lengthPlot(art.canvas, rows, "lengths"))}${table(
    "Tokens of a response",
    ["Method", "mean", "10%", "median", "90%"],
    rows.map((row) => [row.label, ...[row.mean, row.p10, row.p50, row.p90].map(whole)]),
  )}`;
}
