import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { writeJson } from "../core/jsonl.ts";
import { DEFAULT_TAGS } from "../core/tags.ts";
import { loadTask } from "../data/task-file.ts";
import { type OpenOptions, openModel } from "./open.ts";

const tasks = [loadTask("LaMP_2"), loadTask("LaMP_4")];
let dir: string;
let run: string;
let base: string;
const options: OpenOptions = { modelDir: async (name) => name };
const trained = (stage: string, path = `tinker://m/sampler_weights/${stage}`): void =>
  writeJson(join(run, stage, "model.json"), { path, step: 1, score: null, state: null, made_by: "key" });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "open-"));
  [run, base] = [join(dir, "mine"), join(dir, "nano")];
  writeJson(join(base, "config.json"), { max_position_embeddings: 1024 });
  const config = configSchema.parse({
    ...{ model: base, seed: 3, profile: { retriever: "bm25", k: 5 }, prompt: { max_tokens: 640 } },
    ...{ eval: { max_tokens: 256 }, sft: { form: "gold" } },
  });
  const machine = { device: "cpu", dtype: "bfloat16", hardware: "cpu", seconds: {}, also: [] };
  writeJson(join(run, "run.json"), { tagpr: "0.1.0", config, machine });
  writeJson(join(run, "data", "tasks.json"), tasks);
  writeJson(join(run, "chains", "tags.json"), { tags: ["analyze_input"] });
});

describe("a run", () => {
  it("is asked as its evaluation asks, with the weights of the furthest stage, on the machine that it chose", async () => {
    for (const stage of ["gold", "sft", "guided", "explore"]) trained(stage);
    const opened = await openModel(run, options);
    expect(opened).toMatchObject({
      ...{ kind: "run", name: "mine", stage: "explore", run, modelDir: base, tasks },
      ...{ weights: "tinker://m/sampler_weights/explore", promptTokens: 640, responseTokens: 256 },
      ...{ tags: ["analyze_input"], style: { reasoning: true, tags: ["analyze_input"] } },
      retriever: { method: "bm25", k: 5, seed: 3 },
    });
    expect(opened.config.engines.policy).toMatchObject({ device: "cpu", dtype: "bfloat16" });
  });

  it("answers at once where the stage has learnt that, and as its base model where no step was better", async () => {
    for (const stage of ["sft", "gold"]) trained(stage);
    trained("guided", base);
    for (const stage of ["sft", "gold"] as const)
      expect(await openModel(run, { ...options, stage })).toMatchObject({
        ...{ name: `mine-${stage}`, style: { reasoning: false, tags: [] } },
      });
    expect(await openModel(run, options)).toMatchObject({ stage: "base", weights: base });
    expect(await openModel(run, { ...options, stage: "base" })).toMatchObject({
      ...{ name: "mine-base", weights: base, style: { reasoning: true, tags: ["analyze_input"] } },
    });
  });

  it("names no tags where it was trained without them", async () => {
    for (const stage of ["prlm", "prlm-sft"]) trained(stage);
    const named = async (stage: "prlm" | "prlm-sft") => (await openModel(run, { ...options, stage })).style;
    expect(await named("prlm")).toEqual({ reasoning: true, tags: [] });
    expect(await named("prlm-sft")).toEqual({ reasoning: true, tags: ["analyze_input"] });
  });

  it("says which stage is missing", async () => {
    await expect(openModel(run, options)).rejects.toThrow(/has no trained model yet/);
    await expect(openModel(run, { ...options, stage: "sft" })).rejects.toThrow(/sft is not done/);
  });

  it("with a model a task is asked the task that is named, and its only one where there is one", async () => {
    const of = Object.fromEntries(
      tasks.map(({ name }) => [name, { path: `tinker://m/sampler_weights/${name}`, step: 1 }]),
    );
    for (const stage of ["gold-ind", "sft-ind"] as const) {
      writeJson(join(run, stage, "model.json"), {
        path: "first",
        step: 1,
        score: null,
        state: null,
        of,
        made_by: "key",
      });
      const open = (task?: string) => openModel(run, { ...options, stage, ...(task === undefined ? {} : { task }) });
      expect(await open("LaMP_4")).toMatchObject({
        ...{ weights: "tinker://m/sampler_weights/LaMP_4", tasks: [{ name: "LaMP_4" }], style: { reasoning: false } },
      });
      await expect(open()).rejects.toThrow(/holds one model a task, and no task is named/);
      await expect(open("LaMP_3")).rejects.toThrow(/holds no model of LaMP_3/);
    }
    writeJson(join(run, "data", "tasks.json"), tasks.slice(1));
    expect((await openModel(run, { ...options, stage: "sft-ind" })).weights).toBe("tinker://m/sampler_weights/LaMP_4");
  });

  it("is asked the task that was named first, one of its own or any other", async () => {
    trained("sft");
    const names = async (task: string): Promise<string[]> =>
      (await openModel(run, { ...options, task })).tasks.map(({ name }) => name);
    expect(await names("LaMP_4")).toEqual(["LaMP_4", "LaMP_2"]);
    expect(await names("LaMP_3")).toEqual(["LaMP_3", "LaMP_2", "LaMP_4"]);
    await expect(names("LaMP_9")).rejects.toThrow(/unknown task LaMP_9/);
  });
});

describe("an exported folder", () => {
  const write = (value: object): void => writeJson(join(dir, "out", "tagpr.json"), value);
  const about = () => ({
    ...{ model: "tagpr", base: "Qwen/Qwen3-0.6B", tags: ["analyze_input"], tasks },
    config: configSchema.parse({
      ...{ model: base, prompt: { names_tags: false } },
      rewards: { own: { mine: { module: "/tmp/evil.mjs" } } },
      engines: {
        policy: { kind: "remote", url: "https://evil.example", key_env: "OPENAI_API_KEY" },
        embeddings_model: "/etc/model",
      },
    }),
  });

  it("is asked as its run was, and chooses no engine, code or file of this machine", async () => {
    write(about());
    const opened = await openModel(join(dir, "out"), options);
    const folder = join(dir, "out");
    expect(opened).toMatchObject({
      ...{ kind: "export", name: "out", stage: "explore", run: null, modelDir: folder, weights: folder, tasks },
      ...{ tags: ["analyze_input"], style: { reasoning: true, tags: [] } },
    });
    expect(JSON.stringify(opened)).not.toMatch(/evil|etc/);
    expect(await openModel(join(dir, "out"), { ...options, stage: "base" })).toMatchObject({
      weights: "Qwen/Qwen3-0.6B",
    });
  });

  it("of an older version wants its task; a reward model, and what another program wrote, is refused", async () => {
    const { tasks: _, ...older } = about();
    write(older);
    await expect(openModel(join(dir, "out"), options)).rejects.toThrow(/does not say what task it is asked/);
    expect((await openModel(join(dir, "out"), { ...options, task: "LaMP_2" })).tasks).toEqual([tasks[0]]);
    write({ ...about(), model: "prmu" });
    await expect(openModel(join(dir, "out"), options)).rejects.toThrow(/is a reward model/);
    write({ ...about(), base: "/home/ann/models/nano" });
    await expect(openModel(join(dir, "out"), { ...options, stage: "base" })).rejects.toThrow(/by a path/);
    write({ hello: 1 });
    await expect(openModel(join(dir, "out"), options)).rejects.toThrow(/is not what `tagpr export` writes/);
    writeFileSync(join(dir, "out", "tagpr.json"), "{");
    await expect(openModel(join(dir, "out"), options)).rejects.toThrow(/tagpr\.json/);
  });
});

it("a base model is asked any task, with the nine usual tags", async () => {
  await expect(openModel(base, options)).rejects.toThrow(/does not say what task/);
  expect(await openModel(base, { ...options, task: "LaMP_2" })).toMatchObject({
    ...{
      kind: "base",
      name: "nano",
      stage: "base",
      weights: base,
      tasks: [tasks[0]],
      tags: DEFAULT_TAGS,
      promptTokens: 512,
    },
  });
  await expect(openModel(base, { ...options, task: "LaMP_2", stage: "sft" })).rejects.toThrow(/is a base model/);
});
