import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { readJson, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { silent } from "../../core/progress.ts";
import { stream } from "../../core/random.ts";
import { loadTask } from "../../data/task-file.ts";
import { type FakeDisk, Killed, killAfter, makeDisk, makeFakeEngine } from "../../engine/testing/fake-engine.ts";
import { buildPairs } from "../../prmu/pairs.ts";
import type { ScorerFile } from "../../prmu/score.ts";
import { halves } from "../../prmu/split.ts";
import { makeExamples } from "../../prompts/testing/tiny-world.ts";
import type { StageContext } from "../stage.ts";
import { prmuStage } from "./prmu.ts";

const NANO = fileURLToPath(new URL("../../../models/nano", import.meta.url));
const VOCAB = readJson<{ vocab_size: number }>(join(NANO, "config.json")).vocab_size;
const config = configSchema.parse({
  data: { prmu_from: "rl" },
  prmu: { batch: 8, epochs: 2, checkpoint_every: 2, learning_rate: 0.1, filter_pairs: false },
});
const examples = makeExamples(40, (i) => (i % 2 === 0 ? "comedy" : "romance"), 8);
const half = halves(examples, config.seed);

/** A run up to the pairs of both halves, which sampling would have made. */
function begun(): string {
  const run = mkdtempSync(join(tmpdir(), "prmu-"));
  for (const dir of ["data", "chains", "prmu/other"]) mkdirSync(join(run, dir), { recursive: true });
  writeJson(join(run, "data/tasks.json"), [loadTask("LaMP_2")]);
  writeJson(join(run, "chains/tags.json"), { tags: ["analyze_input"] });
  writeJsonl(join(run, "data/prmu.jsonl"), examples);
  const said = (answer: string, score: number) => ({
    text: `<think><analyze_input>so</analyze_input></think>${answer}`,
    ...{ tokens: 7, formatOk: true, chainOk: true, mentions: 1, score, truncated: false },
  });
  for (const [which, dir] of [
    [0, "prmu"],
    [1, "prmu/other"],
  ] as const) {
    const sources = examples
      .filter(({ task, id }) => half[`${task}/${id}`] === which)
      .map((example) => ({
        example,
        withProfile: ["comedy", "romance"].map((answer) => said(answer, answer === example.gold ? 1 : 0)),
        ...{ withoutProfile: [said("dystopia", 0)], otherProfile: [] },
      }));
    for (const name of ["faults", "responses"]) writeJsonl(join(run, dir, `${name}.jsonl`), []);
    writeJsonl(join(run, dir, "pairs.jsonl"), buildPairs(sources, config.prmu, config.seed).pairs);
  }
  return run;
}

const attempt = (run: string, disk: FakeDisk, onCall: (name: string) => void = () => undefined): Promise<void> => {
  const engine = makeFakeEngine({ vocab: VOCAB, disk, onCall });
  return prmuStage.run({
    ...{ run, dir: join(run, "prmu"), config, key: "key", progress: silent, now: () => 0 },
    engines: { reward: async () => engine },
    modelDir: async () => NANO,
  } as unknown as StageContext);
};

/** Both models' logs, and what scores, without names that the engine gives. */
function outcome(run: string): unknown {
  const { crossed, ...first } = readJson<ScorerFile>(join(run, "prmu", "scorer.json"));
  const of = ({ rows, centre }: ScorerFile) => ({ rows, centre });
  const text = (name: string) => readFileSync(join(run, "prmu", name), "utf8");
  const logs = ["", "other/"].flatMap((dir) => [text(`${dir}metrics.jsonl`), text(`${dir}held_out.json`)]);
  return { first: of(first), other: crossed && of(crossed.other), halves: crossed?.halves, logs };
}

it("cross-fitting makes a model of each half, and ends with the same two however often it is killed", async () => {
  const straight = begun();
  const disk = makeDisk();
  await attempt(straight, disk);
  const { path, crossed } = readJson<ScorerFile>(join(straight, "prmu", "scorer.json"));
  expect(crossed?.halves).toEqual(half);
  expect([disk.saved.has(path), disk.saved.has(crossed?.other.path ?? "")]).toEqual([true, true]);
  expect(crossed?.other.path).not.toBe(path);

  const killed = begun();
  const second = makeDisk();
  const random = stream("cross-fitting");
  let kills = 0;
  for (let over = false; !over; ) {
    over = await attempt(killed, second, killAfter(4 + random.int(12 + 6 * kills))).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        kills++;
        return false;
      },
    );
  }
  expect(kills).toBeGreaterThan(2);
  expect(outcome(killed)).toEqual(outcome(straight));
});
