import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { readJsonl, writeJson } from "../../core/jsonl.ts";
import { silent } from "../../core/progress.ts";
import type { ShownExample } from "../../data/types.ts";
import type { SampleRequest } from "../../engine/types.ts";
import type { CausalRow } from "../../eval/causal.ts";
import { makeFlights } from "../../llm/flights.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { stageKey } from "../key.ts";
import type { StageContext } from "../stage.ts";
import { dataStage } from "../stages/data.ts";
import { evalStage } from "../stages/evaluate.ts";

const NANO = fileURLToPath(new URL("../../../models/nano", import.meta.url));
const renderer = loadRenderer(NANO);
const BASE = {
  model: NANO,
  data: { users: { train: 20, dev: 6, test: 30 }, chains: 20, rl: 24, prmu: 16, dev: 10, test: 40 },
  eval: {
    ...{ methods: ["rag-r", "tagpr"], max_tokens: 60, batch: 32, bootstrap: 50 },
    causal: { methods: ["tagpr"], queries: 10 },
  },
};
const CHAIN = "<analyze_input>\nquery war\n</analyze_input>\n<make_decision>\nso it is\n</make_decision>\n";

/** The engine answers with a chain, and behind a chain with what its first step leads to; it dies after so many units. */
function contextOf(run: string, given: object, stage = "eval", dies = 1e9) {
  const asked: string[] = [];
  let units = 0;
  const unit = (prompts: readonly (readonly number[])[]): string[] => {
    if (units++ >= dies) throw new Error("killed");
    const texts = prompts.map((prompt) => renderer.decode(prompt));
    asked.push(...texts);
    return texts;
  };
  const says = (text: string): string => {
    if (!text.endsWith("</think>")) return `<think>\n${CHAIN}</think>\n\ncomedy`;
    return text.includes("query war") ? "\n\ncomedy" : "\n\naction";
  };
  const sampler = async () => ({
    sample: async (requests: readonly SampleRequest[]) =>
      unit(requests.map(({ prompt }) => prompt)).map((text) => {
        const tokens = [...renderer.encode(says(text)), renderer.eosIds[0] ?? 0];
        return [{ tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const }];
      }),
    logprobs: async (prompts: readonly (readonly number[])[]) =>
      unit(prompts).map((text, i) => {
        const nats = new Float32Array(prompts[i]?.length ?? 0);
        nats[nats.length - 1] = text.includes("query war") ? -1 : -2;
        return nats;
      }),
  });
  const never = (): Promise<never> => Promise.reject(new Error("not here"));
  const context: StageContext = {
    ...{ run, dir: join(run, stage), config: configSchema.parse(given), key: "k", progress: silent },
    ...{ flights: makeFlights(), modelDir: async () => NANO, fetch: never, secret: () => undefined },
    ...{ now: () => 0, spent: () => 0, claim: () => {} },
    engines: { policy: async () => ({ sampler }) as never, reward: never, embeddings: never, close: async () => {} },
  };
  return { context, asked, units: () => units };
}

async function begun(): Promise<string> {
  const run = mkdtempSync(join(tmpdir(), "causal-"));
  for (const dir of ["data", "chains", "explore", "eval"]) mkdirSync(join(run, dir));
  await dataStage.run(contextOf(run, BASE, "data").context);
  writeJson(join(run, "chains", "tags.json"), { tags: ["analyze_input", "make_decision"] });
  const model = { path: "tinker://m/sampler_weights/e", step: 1, score: null, state: null, made_by: "k" };
  writeJson(join(run, "explore", "model.json"), model);
  return run;
}

const rowsOf = (run: string): CausalRow[] => readJsonl(join(run, "eval", "causal", "tagpr.jsonl"));

it("an evaluation tells what each step does, of as many queries as it is asked for, in their order", async () => {
  const run = await begun();
  await evalStage.run(contextOf(run, BASE).context);
  const test = readJsonl<ShownExample>(join(run, "data", "test.jsonl")).map(({ id }) => id);
  const rows = rowsOf(run);
  expect(rows).toHaveLength(10);
  expect(rows.map(({ query }) => query)).toEqual(test.filter((id) => rows.some(({ query }) => query === id)));
  for (const { own, none, steps } of rows) {
    expect(none).toEqual({ logprob: -2, answer: "action" });
    expect(own).toEqual({ logprob: -1, answer: "comedy" });
    expect(steps).toEqual([
      { tag: "analyze_input", at: 0, out: { logprob: -2, answer: "action" } },
      { tag: "make_decision", at: 1, out: { logprob: -1, answer: "comedy" } },
    ]);
  }
});

it("killed after any unit and begun again asks nothing twice; done again, or with more queries, what is new alone", async () => {
  const straight = await begun();
  const whole = contextOf(straight, BASE);
  await evalStage.run(whole.context);
  const run = await begun();
  const asked: string[] = [];
  for (const dies of [...Array.from({ length: whole.units() }, () => 1), 1e9]) {
    const attempt = contextOf(run, BASE, "eval", dies);
    await evalStage.run(attempt.context).catch((error: unknown) => expect(String(error)).toMatch(/killed/));
    asked.push(...attempt.asked);
  }
  expect(asked).toEqual(whole.asked);
  expect(rowsOf(run)).toEqual(rowsOf(straight));
  rmSync(join(run, "eval"), { recursive: true });
  const more = { ...BASE, eval: { ...BASE.eval, causal: { methods: ["tagpr"], queries: 12 } } };
  const again = contextOf(run, more);
  await evalStage.run(again.context);
  // Its own chain, none, and without either step: scored, and gone on with.
  expect(again.asked).toHaveLength(2 * 4 * 2);
  expect(rowsOf(run)).toHaveLength(12);
});

it("nobody asked for, changes no key", async () => {
  const run = await begun();
  const key = (causal: object) =>
    stageKey(evalStage, contextOf(run, { ...BASE, eval: { ...BASE.eval, causal } }).context);
  expect(await key({ queries: 3 })).toBe(await key({}));
  expect(await key({ methods: ["tagpr"] })).not.toBe(await key({}));
});
