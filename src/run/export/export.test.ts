import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { readJson, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { silent } from "../../core/progress.ts";
import { seal } from "../../core/run-dir.ts";
import { makeTinyModel } from "../../engine/testing/tiny-model.ts";
import type { Engine } from "../../engine/types.ts";
import type { PolicyAnswer, Verifier } from "../../engine/verify.ts";
import { openModel } from "../../model/open.ts";
import { makeExamples, tasks } from "../../prompts/testing/tiny-world.ts";
import { type ExportOptions, exportModel } from "./export.ts";

const LOGPROBS = [-0.5, -0.25];
const TOKENS = [7, 2];
const same = (): PolicyAnswer => ({ logprobs: LOGPROBS, best: TOKENS, margin: [1, 1] });

let dir: string;
let options: ExportOptions;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "export-"));
  const run = join(dir, "run");
  const model = join(dir, "model");
  makeTinyModel(model);
  const config = configSchema.parse({ name: "mine", model });
  writeJson(join(run, "run.json"), { tagpr: "0", node: "", platform: "", revision: "abc", seed: 3, argv: [], config });
  writeJson(join(run, "data", "tasks.json"), tasks);
  writeJson(join(run, "chains", "tags.json"), { tags: ["analyze_input"] });
  writeJsonl(join(run, "data", "dev.jsonl"), makeExamples(3));
  await seal(run, "data", "key", ["dev.jsonl"], 1);
  writeJson(join(run, "explore", "model.json"), { path: "tinker://m/sampler_weights/best", step: 1 });
  const engine: Engine = {
    capabilities: { extensions: {}, gspo: true },
    ...{ train: refuse, embed: refuse, saved: refuse, forget: refuse, close: async () => {} },
    sampler: async () => ({
      sample: async (requests) =>
        requests.map(() => [{ tokens: TOKENS, logprobs: LOGPROBS, stopReason: "stop" as const }]),
    }),
    export: async (_, out) => {
      mkdirSync(out, { recursive: true });
      writeFileSync(join(out, "model.safetensors"), "weights", { mode: 0o600 });
      writeJson(join(out, "config.json"), { rope_parameters: { rope_type: "default", rope_theta: 1e6 } });
    },
  };
  options = {
    ...{ run, out: join(dir, "out"), model: "tagpr", tolerance: 1e-4, progress: silent },
    engines: { policy: async () => engine, reward: refuse, embeddings: refuse, close: async () => {} },
    modelDir: async (name) => name,
    verifiers: [honest],
  };
});

const refuse = async (): Promise<never> => Promise.reject(new Error("not asked for"));
const honest: Verifier = { policy: async (_, items) => items.map(same), reward: refuse };
const answering = (answer: Partial<PolicyAnswer>): Verifier => ({
  ...honest,
  policy: async (_, items) => items.map(() => ({ ...same(), ...answer })),
});

describe("an export", () => {
  it("is a Hugging Face folder with tokenizer, template, generation config, card, config, hashes", async () => {
    expect(await exportModel(options)).toEqual({ largest: 0, compared: 12, tolerance: 1e-4 });
    expect(readdirSync(options.out).sort()).toEqual(
      [
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tagpr.json",
        "tokenizer.json",
      ].concat("tokenizer_config.json"),
    );
    expect(readJson(join(options.out, "generation_config.json"))).toMatchObject({
      ...{ do_sample: false, eos_token_id: [2], max_new_tokens: 512 },
    });
    const about = readJson<Record<string, unknown>>(join(options.out, "tagpr.json"));
    expect(about).toMatchObject({ model: "tagpr", seed: 3, tags: ["analyze_input"], tasks, revision: "abc" });
    expect(about.data).toEqual({ "data/dev.jsonl": expect.stringMatching(/^[0-9a-f]{64}$/) });
    const card = readFileSync(join(options.out, "README.md"), "utf8");
    expect(card).toMatch(/^---\nbase_model: model\nlibrary_name: transformers/);
    expect(card).toMatch(/[0-9a-f]{64} {2}data\/dev\.jsonl/);
    expect(card).toMatch(/guided:\n/);
  });

  it("of a stage that has learnt to answer at once says so, and needs no chains", async () => {
    rmSync(join(options.run, "chains"), { recursive: true });
    writeJson(join(options.run, "gold", "model.json"), { path: "tinker://m/sampler_weights/gold", step: 1 });
    await exportModel({ ...options, model: "gold" });
    expect(readFileSync(join(options.out, "README.md"), "utf8")).toMatch(/answers at once/);
    expect(await openModel(options.out, { modelDir: async (name) => name })).toMatchObject({
      ...{ stage: "gold", style: { reasoning: false, tags: [] } },
    });
  });

  it("of a run of an older version, whose config names fewer settings", async () => {
    const path = join(options.run, "run.json");
    const record = readJson<{ config: { prompt: object } }>(path);
    writeJson(path, { ...record, config: { ...record.config, prompt: { max_tokens: 640 } } });
    await exportModel(options);
    expect(readJson(join(options.out, "tagpr.json"))).toMatchObject({
      config: { prompt: { max_tokens: 640, names_tags: true } },
    });
  });

  it("is read by older transformers too, by anybody, and refused where any reader finds another model", async () => {
    const older = answering({ logprobs: [-0.9, -0.25] });
    await expect(exportModel({ ...options, verifiers: [honest, older] })).rejects.toThrow(/differ by up to 4\.0e-1/);
    await exportModel(options);
    expect(readJson(join(options.out, "config.json"))).toMatchObject({ rope_theta: 1e6 });
    for (const file of readdirSync(options.out)) expect(statSync(join(options.out, file)).mode & 0o777).toBe(0o644);
    expect(statSync(options.out).mode & 0o777).toBe(0o755);
  });

  it("is refused when log-probs drift, and nothing stays", async () => {
    const verifier = answering({ logprobs: [-0.5, -0.2502] });
    await expect(exportModel({ ...options, verifiers: [verifier] })).rejects.toThrow(
      /log-probs differ by up to 2\.0e-4/,
    );
    expect(readdirSync(dir).sort()).toEqual(["model", "run"]);
    await exportModel({ ...options, verifiers: [verifier], tolerance: 1e-3 });
  });

  it("is refused when a log-prob is no number or the greedy token is another, but not between two that are level", async () => {
    await expect(
      exportModel({ ...options, verifiers: [answering({ logprobs: [Number.NaN, -0.25] })] }),
    ).rejects.toThrow(/refused/);
    await expect(exportModel({ ...options, verifiers: [answering({ best: [8, 2] })] })).rejects.toThrow(
      /greedy token at place 0 is 8, the run's own was 7/,
    );
    await exportModel({ ...options, verifiers: [answering({ best: [8, 2], margin: [5e-5, 1] })] });
  });

  it("says what is missing, and never writes over a folder", async () => {
    await expect(exportModel({ ...options, model: "guided" })).rejects.toThrow(/guided is not done/);
    await expect(exportModel({ ...options, model: "prmu" })).rejects.toThrow(/prmu is not done/);
    await expect(exportModel({ ...options, run: join(dir, "none") })).rejects.toThrow(/holds no run/);
    mkdirSync(options.out);
    await expect(exportModel(options)).rejects.toThrow(/exists already/);
    expect(existsSync(`${options.out}.part`)).toBe(false);
  });
});
