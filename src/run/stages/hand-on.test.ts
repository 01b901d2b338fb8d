import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { hashable } from "../../core/config/added.ts";
import { configSchema } from "../../core/config/schema.ts";
import { readJson, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { silent } from "../../core/progress.ts";
import { loadTask } from "../../data/task-file.ts";
import type { Engine, SampleRequest } from "../../engine/types.ts";
import type { ModelFile } from "../../model/files.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { makeExamples } from "../../prompts/testing/tiny-world.ts";
import type { StageContext } from "../stage.ts";
import { choosingOf, isGuarded } from "./common.ts";
import { handOn, type Made } from "./hand-on.ts";

const NANO = fileURLToPath(new URL("../../../models/nano", import.meta.url));
const renderer = loadRenderer(NANO);
/** Answers of weights, greedy and drawn; each is right where it says comedy. */
const SAYS: Readonly<Record<string, readonly [greedy: string, drawn: string]>> = {
  base: ["comedy", "romance"],
  worse: ["romance", "romance"],
  even: ["romance", "comedy"],
  alike: ["comedy", "romance"],
  better: ["comedy", "comedy"],
};

function world(guard: "always" | "never", dev = 20) {
  const run = mkdtempSync(join(tmpdir(), "hand-"));
  for (const dir of ["data", "chains", "sft"]) mkdirSync(join(run, dir));
  writeJson(join(run, "data/tasks.json"), [loadTask("LaMP_2")]);
  writeJson(join(run, "chains/tags.json"), { tags: ["analyze_input"] });
  writeJsonl(join(run, "data/dev.jsonl"), makeExamples(dev));
  const [said, asked]: [string[], string[]] = [[], []];
  const sampler = async (path: string) => {
    asked.push(path);
    return {
      sample: async (requests: readonly SampleRequest[]) =>
        requests.map(({ numSamples, params: { temperature } }) => {
          const answer = SAYS[path]?.[temperature === 0 ? 0 : 1] ?? "";
          const text = `<think><analyze_input>a</analyze_input></think>${answer}`;
          const tokens = [...renderer.encode(text), renderer.eosIds[0] ?? 0];
          return Array.from({ length: numSamples }, () => {
            return { tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const };
          });
        }),
    };
  };
  const context = {
    ...{ run, dir: join(run, "sft"), config: configSchema.parse({ choose: { guard } }), key: "key" },
    progress: { ...silent, say: (line: string) => said.push(line) },
    engines: { policy: async () => ({ sampler }) as unknown as Engine },
    modelDir: async () => NANO,
  } as unknown as StageContext;
  return { context, said, asked, written: () => readJson<ModelFile>(join(run, "sft/model.json")) };
}

const made = (path: string, start: Made["start"] = { path: "base" }): Made => ({
  ...{ title: "SFT", stage: "sft", start },
  model: { path, step: 3, score: 0.4, state: "state" },
});

it("weights that do worse on dev than what the stage began with are not handed on, which is said and kept", async () => {
  const { context, said, written } = world("always");
  await handOn(context, made("worse"));
  expect(written()).toMatchObject({
    ...{ path: "base", step: 0, score: null, state: null, dev: { score: 0.5, greedy: 1, sampled: 0 } },
    guard: { trained: "worse", step: 3, kept: "start", looks: 2, dev: { trained: { score: 0 } } },
  });
  expect(said).toEqual([expect.stringMatching(/SFT: .*no better on the dev slice \(0\.000.*began with \(0\.500/)]);
});

it("better sampled answers are handed on where greedy ones are no worse, which is said", async () => {
  const { context, said, written } = world("always");
  await handOn(context, made("better"));
  expect(written()).toMatchObject({ path: "better", step: 3, state: "state", guard: { kept: "trained", looks: 2 } });
  expect(said).toEqual([expect.stringMatching(/^SFT: .* does better on the dev slice .*handed on/)]);
});

it("better sampled answers don't make up for worse greedy ones, and what changes nothing is not handed on", async () => {
  for (const path of ["even", "alike"]) {
    const { context, written } = world("always");
    await handOn(context, made(path));
    expect(written()).toMatchObject({ path: "base", guard: { trained: path, kept: "start" } });
  }
});

it("a dev slice that tells little is told of, once", async () => {
  const { context, said } = world("always", 3);
  await handOn(context, made("better"));
  expect(said[0]).toMatch(/^SFT: the dev slice has 3 queries: by so few it is mostly chance/);
  await handOn(context, made("better", { path: "base", look: { score: 1, greedy: 1, sampled: 1 } }));
  expect(said.filter((line) => /mostly chance/.test(line))).toHaveLength(1);
});

it("a stage is compared with what it was handed, as it was looked at there", async () => {
  const { context, asked, written } = world("always");
  await handOn(context, made("better", { path: "base", look: { score: 1.5, greedy: 1.5, sampled: 1.5 } }));
  expect(asked).toEqual(["better"]);
  expect(written()).toMatchObject({ path: "base", guard: { looks: 1 } });
});

it("nothing is looked at where the guard is off, nor where nothing was trained", async () => {
  const off = world("never");
  await handOn(off.context, made("worse"));
  expect([off.asked, off.written().path]).toEqual([[], "worse"]);
  const same = world("always");
  await handOn(same.context, made("base"));
  expect([same.asked, same.written().path]).toEqual([[], "base"]);
});

it("by itself the guard is for people's data", () => {
  const of = (source: string) => isGuarded(configSchema.parse({ data: { source } }));
  expect([of("files"), of("synthetic")]).toEqual([true, false]);
});

it("what a guarded stage hands on is asked for again where the dev slice is asked or read in another way", () => {
  const key = (source: string, more: object) =>
    JSON.stringify(choosingOf(hashable(configSchema.parse({ data: { source }, ...more }))));
  for (const change of [{ eval: { max_tokens: 77 } }, { eval: { reading: "strict" } }]) {
    expect(key("files", change)).not.toBe(key("files", {}));
    expect(key("synthetic", change)).toBe(key("synthetic", {}));
  }
});
