import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { filesBelow } from "../../core/run-dir.ts";
import { checkFolder } from "../folder.ts";
import { lockRun } from "../lock.ts";
import { safetensors, smallRun } from "../testing/small-run.ts";
import { forget } from "./forget.ts";

const TASK = "synthetic_tag";
const CANARY = "zq canary 7";
const example = (user: string, id: string, input: string) => ({
  ...{ task: TASK, id, user, input, gold: "comedy", shown: [], historyItems: 0 },
});
const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
] as const;

/** Ann is in two splits; her queries of one are known from there alone, and another's query quotes her where she has none. */
const FILES = {
  "data/chains.jsonl": [example("ann", "q1", `a film of ${CANARY}`), example("bob", "q2", "a film about the harbour")],
  "data/rl.jsonl": [example("ann", "q3", `another ${CANARY}`), example("bob", "q4", "a film about mountains")],
  "data/test.jsonl": [
    example("bob", "q5", `bob likes a film of ${CANARY}`),
    example("bob", "q6", "a film about robots"),
  ],
  "data/test.jsonl.part": `{"torn": "a film of ${CANARY}`,
  "chains/rollouts.jsonl": [
    { task: TASK, query: "q1", text: CANARY },
    { task: TASK, query: "q2", text: "saw" },
  ],
  "chains/judged.jsonl.part": `{"query": "q1", "text": "${CANARY}"}\n{"torn`,
  "prmu/scorer.json": {
    path: "tinker://m1/sampler_weights/prmu-1",
    rows: { [`${TASK}/ann`]: 2, [`${TASK}/bob`]: 1 },
    crossed: { other: { path: "tinker://m2/x", rows: {} }, halves: { [`${TASK}/q1`]: 0, [`${TASK}/q2`]: 1 } },
  },
  "eval/tagpr.jsonl": [
    { task: TASK, query: "q3", user: "ann" },
    { task: TASK, query: "q6", user: "bob" },
  ],
  "report/index.html": `<p>${CANARY}</p>`,
  "weights/m1/weights/prmu-1/user_embeddings.safetensors": safetensors({ user_embeddings: rows }),
  "engine.log": `served\nfault at "a film of ${CANARY}"\n`,
};

const bytesOf = (run: string): Record<string, string> =>
  Object.fromEntries(
    filesBelow(run).flatMap((file) =>
      /^run\.json|^\.lock/.test(file) ? [] : [[file, readFileSync(join(run, file), "latin1")]],
    ),
  );
const holdsAnn = (run: string): string[] =>
  Object.entries(bytesOf(run)).flatMap(([file, bytes]) =>
    /canary|\bann\b|"\w+\/q[13]"|"q[13]"/.test(bytes) ? [file] : [],
  );

const DIE = fileURLToPath(new URL("testing/die.ts", import.meta.url));

it("killed (-9) before anything that it does, or in the middle of a write, it is ended by a second call: no byte holds them, and others' are there", async () => {
  const options = { write: true, now: () => new Date(0) };
  const alone = smallRun(FILES);
  expect(holdsAnn(alone.run).length).toBeGreaterThan(8);
  await forget(alone.run, "ann", { stages: alone.stages, ...options });
  expect(holdsAnn(alone.run)).toEqual([]);
  const whole = bytesOf(alone.run);
  for (let n = 1; ; n++) {
    const { run, stages } = smallRun(FILES);
    const before = bytesOf(run);
    const { signal, status, stderr } = spawnSync(process.execPath, ["--import", "tsx", DIE, run, "ann", `${n}`]);
    if (signal === null) {
      expect([n, status, stderr.toString()]).toEqual([n, 0, ""]);
      expect(bytesOf(run)).toEqual(whole);
      expect(n).toBeGreaterThan(20);
      return;
    }
    expect([n, signal]).toEqual([n, "SIGKILL"]);
    const half = bytesOf(run);
    // Whatever was changed, the run says that it was.
    if (JSON.stringify(half) !== JSON.stringify(before))
      expect(() => checkFolder(run, configSchema.parse({}), stages)).toThrow(/no longer reproducible/);
    const release = lockRun(run);
    const again = await forget(run, "ann", { stages, ...options }).catch((error: unknown) => error);
    release();
    // Only where all was done is there nobody to forget.
    if (again instanceof Error) expect([n, again.message, half]).toEqual([n, `${run} has no user "ann"`, whole]);
    expect([n, bytesOf(run)]).toEqual([n, whole]);
  }
}, 300_000);
