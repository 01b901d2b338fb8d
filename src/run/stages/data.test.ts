import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { readJson, readJsonl, writeJson } from "../../core/jsonl.ts";
import { silent } from "../../core/progress.ts";
import { WORLD_FILE } from "../../data/synthetic/drawn.ts";
import type { ShownExample } from "../../data/types.ts";
import { makeFlights } from "../../llm/flights.ts";
import { dataStage } from "./data.ts";
import { SPLITS } from "./gathered.ts";
import type { StrataFile } from "./strata.ts";

const never = (): Promise<never> => Promise.reject(new Error("no engine here"));

async function gather(
  input: unknown,
  progress = silent,
): Promise<{ dir: string; rows: (split: string) => ShownExample[] }> {
  const dir = mkdtempSync(join(tmpdir(), "data-"));
  await dataStage.run({
    run: dir,
    dir,
    config: configSchema.parse(input),
    key: "k",
    progress,
    engines: { policy: never, reward: never, embeddings: never, close: () => Promise.resolve() },
    modelDir: never,
    fetch: never,
    flights: makeFlights(),
    secret: () => undefined,
    now: () => 0,
    spent: () => 0,
    claim: () => {},
  });
  return { dir, rows: (split) => readJsonl<ShownExample>(join(dir, `${split}.jsonl`)) };
}

const SMALL = { users: { train: 20, dev: 6, test: 30 }, chains: 20, rl: 24, prmu: 16, dev: 10, test: 40 };
const users = (rows: readonly ShownExample[]): Set<unknown> => new Set(rows.map(({ user }) => user));

describe("the synthetic world", () => {
  it("gives every split its size, and shows k items at most, oldest first", async () => {
    const { rows } = await gather({ data: SMALL, profile: { k: 5 } });
    expect(SPLITS.map((name) => rows(name).length)).toEqual([20, 24, 16, 10, 40]);
    for (const { shown, historyItems } of rows("test")) {
      expect(shown).toHaveLength(Math.min(5, historyItems));
      expect(shown.map(({ date }) => date)).toEqual(shown.map(({ date }) => date).sort());
      expect(shown.length).toBeGreaterThan(0);
    }
  });

  it("no user of dev or test is in train, and PRMU's queries are not RL's", async () => {
    const { rows } = await gather({ data: SMALL });
    const train = users([...rows("chains"), ...rows("rl"), ...rows("prmu")]);
    for (const split of ["dev", "test"]) for (const user of users(rows(split))) expect(train.has(user)).toBe(false);
    for (const user of users(rows("dev"))) expect(users(rows("test")).has(user)).toBe(false);
    const prmu = new Set(rows("prmu").map(({ id }) => id));
    for (const { id } of rows("rl")) expect(prmu.has(id)).toBe(false);
  });

  it("is the same to the byte for the same seed, and another for another", async () => {
    const text = async (seed: number) =>
      readFileSync(join((await gather({ seed, data: SMALL })).dir, "rl.jsonl"), "utf8");
    expect(await text(3)).toBe(await text(3));
    expect(await text(3)).not.toBe(await text(4));
  });

  it("computes the ceilings of the very test queries, for several tasks at once", async () => {
    const { dir } = await gather({ data: { ...SMALL, task: "synthetic_tag, synthetic_rating" } });
    const ceilings = readJson<Record<string, { n: number; query_only: number; oracle: number }>>(
      join(dir, "ceilings.json"),
    );
    expect(Object.keys(ceilings)).toEqual(["synthetic_tag", "synthetic_rating"]);
    expect(ceilings.synthetic_tag?.n).toBe(40);
    expect(ceilings.synthetic_tag?.oracle).toBeGreaterThan(ceilings.synthetic_tag?.query_only ?? 1);
  });

  it("has three strata where asked for: seen users later, unseen ones with 8 items or more, and with one or two", async () => {
    const strata = { seen: 30, unseen: 20, cold: 12 };
    const { dir, rows } = await gather({ data: { ...SMALL, strata } });
    const file = readJson<StrataFile>(join(dir, "strata.json"));
    const test = new Map(rows("test").map((row) => [`${row.task}/${row.id}`, row]));
    const of = (name: keyof StrataFile) => file[name].queries.flatMap((id) => test.get(id) ?? []);
    expect([of("seen").length, of("unseen").length, of("cold").length]).toEqual([30, 20, 12]);
    expect(test.size).toBe(62);
    const before = new Map(rows("rl").map((row) => [row.user, row]));
    for (const { user, historyItems, shown, id } of of("seen")) {
      const then = before.get(user);
      expect(then?.shown.slice(4 - shown.length)).toEqual(shown.slice(0, -4));
      expect(historyItems).toBe((then?.historyItems ?? 0) + 4);
      expect(rows("rl").some((row) => row.id === id)).toBe(false);
    }
    const train = users([...rows("chains"), ...rows("rl"), ...rows("prmu"), ...rows("dev")]);
    for (const row of [...of("unseen"), ...of("cold")]) expect(train.has(row.user)).toBe(false);
    expect(of("unseen").every(({ historyItems }) => historyItems >= 8)).toBe(true);
    expect(new Set(of("cold").map(({ historyItems }) => historyItems))).toEqual(new Set([1, 2]));
    const ceiling = (name: keyof StrataFile) => file[name].ceilings.synthetic_tag;
    expect(ceiling("unseen")?.shown_items).toBeGreaterThan(ceiling("cold")?.shown_items ?? 1);
    expect(ceiling("seen")?.n).toBe(30);
  });

  it("keeps train and dev to the byte when strata are asked for", async () => {
    const text = async (strata: object) => {
      const { dir } = await gather({ data: { ...SMALL, strata } });
      return ["chains", "rl", "prmu", "dev"].map((name) => readFileSync(join(dir, `${name}.jsonl`), "utf8"));
    };
    expect(await text({ seen: 5, unseen: 5, cold: 5 })).toEqual(await text({}));
  });

  it("refuses the seeds that made the base model, and unknown tasks", async () => {
    await expect(gather({ seed: 1_000_000, data: SMALL })).rejects.toThrow(/made the base model/);
    await expect(gather({ data: { ...SMALL, task: "synthetic_tagg" } })).rejects.toThrow(/no task "synthetic_tagg"/);
  });
});

it("a synthetic run's data has the same key with the default task named and without", () => {
  const part = (task: object) => dataStage.config(configSchema.parse({ data: task }));
  expect(part({})).toEqual(part({ task: "synthetic_tag" }));
  expect(part({})).toMatchObject({ data: { task: "synthetic_tag" } });
});

describe("LaMP's files", () => {
  function folder(change: (files: Record<string, unknown>) => void = () => {}): string {
    const dir = join(mkdtempSync(join(tmpdir(), "lamp-")), "movies");
    mkdirSync(dir);
    const question = (split: string, i: number) => ({
      id: `${split}${i}`,
      user_id: `u${i % 12}`,
      input: `Which tag does this movie relate to among the following tags? Just answer with the tag name without further explanation. tags: [comedy, action] description: film ${i}`,
      profile: [{ id: "1", tag: "comedy", description: "a film", date: "2018-05-26" }],
    });
    const files: Record<string, unknown> = {};
    for (const [split, n] of [
      ["train", 60],
      ["dev", 12],
    ] as const) {
      const ids = Array.from({ length: n }, (_, i) => i);
      files[`${split}_questions.json`] = ids.map((i) => question(split, i));
      files[`${split}_outputs.json`] = {
        task: "LaMP_2",
        golds: ids.map((i) => ({ id: `${split}${i}`, output: "comedy" })),
      };
    }
    change(files);
    for (const [name, value] of Object.entries(files)) writeFileSync(join(dir, name), JSON.stringify(value));
    return dir;
  }
  const data = (path: string) => ({
    data: { source: "files", task: "", paths: [path], chains: 15, rl: 15, prmu: 10, dev: 8, test: 10 },
  });

  it("cuts train by user, and evaluates on the dev files", async () => {
    const { rows } = await gather(data(folder()));
    expect(SPLITS.map((name) => rows(name).length)).toEqual([15, 15, 10, 8, 10]);
    expect(rows("test").every(({ id }) => id.startsWith("dev"))).toBe(true);
    const train = users([...rows("chains"), ...rows("rl"), ...rows("prmu")]);
    for (const user of users(rows("dev"))) expect(train.has(user)).toBe(false);
  });

  it("keeps of a history what is shown of it, and its length", async () => {
    const item = (i: number) => ({ id: `${i}`, tag: "comedy", description: `film ${i}`, date: String(1900 + i) });
    const long = folder((files) => {
      for (const split of ["train", "dev"])
        for (const question of files[`${split}_questions.json`] as { profile: unknown }[])
          question.profile = Array.from({ length: 30 }, (_, i) => item(i));
    });
    const { rows } = await gather(data(long));
    for (const row of SPLITS.flatMap(rows)) {
      expect(Object.keys(row)).not.toContain("profile");
      expect(row.historyItems).toBe(30);
      expect(row.shown.map(({ id }) => id)).toEqual(["22", "23", "24", "25", "26", "27", "28", "29"]);
    }
  });

  it("finds the task in the data when none is named, and refuses a shipped one that the data contradicts", async () => {
    const { task: _, ...unnamed } = data(folder()).data;
    const { dir } = await gather({ data: unnamed });
    expect(readJson<{ name: string }[]>(join(dir, "tasks.json")).map(({ name }) => name)).toEqual(["LaMP_2"]);
    const named = (task: string, path = folder()) => gather({ data: { ...unnamed, paths: [path], task } });
    await named("lamp-2");
    await expect(named("synthetic_tag")).rejects.toThrow(/data\.task: .*movies holds LaMP_2, not synthetic_tag/);
    const silentFiles = folder((files) => {
      for (const split of ["train", "dev"]) {
        const outputs = files[`${split}_outputs.json`] as object;
        files[`${split}_outputs.json`] = { ...outputs, task: "films" };
      }
    });
    await named("LaMP_2", silentFiles);
    writeFileSync(join(silentFiles, "task.yaml"), readFileSync("tasks/lamp_4.yaml"));
    await expect(named("LaMP_2", silentFiles)).rejects.toThrow(/holds LaMP_4, not LaMP_2/);
  });

  it("says which tasks the synthetic world drew, also where they are read as a task of one's own", async () => {
    const drawn = (name: string): string => {
      const dir = folder((files) => {
        for (const split of ["train", "dev"])
          files[`${split}_outputs.json`] = { ...(files[`${split}_outputs.json`] as object), task: name };
      });
      writeFileSync(join(dir, "own.yaml"), readFileSync("tasks/lamp_2.yaml"));
      return dir;
    };
    const world = async (name: string): Promise<unknown> => {
      const dir = drawn(name);
      const own = { ...data(dir).data, task: join(dir, "own.yaml") };
      const path = join((await gather({ data: own })).dir, WORLD_FILE);
      return existsSync(path) ? readJson(path) : null;
    };
    expect(await world("synthetic_tag")).toEqual({ tasks: ["LaMP_2"] });
    expect(await world("LaMP_2")).toBeNull();
  });

  it("names file and record of what is wrong", async () => {
    const broken = folder((files) => {
      files["train_outputs.json"] = { task: "LaMP_2", golds: [{ id: "train0", output: "comedy" }] };
    });
    await expect(gather(data(broken))).rejects.toThrow(/train_questions\.json.*train1/);
    await expect(gather(data("/nowhere"))).rejects.toThrow(/\/nowhere/);
    await expect(gather({ data: { source: "files" } })).rejects.toThrow(/no folder is given/);
  });
});

describe("inputs that are not of the task's form", () => {
  it("are asked as they are, counted and named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "odd-"));
    const prompt =
      "Which tag does this movie relate to among the following tags? Just answer with the tag name without further explanation. tags: [sci-fi, comedy] description: ";
    const item = { id: "1", description: "Two bakers", tag: "comedy", date: "2018-01-01" };
    for (const split of ["train", "dev"]) {
      const ids = Array.from({ length: 20 }, (_, i) => `${split}${i}`);
      const input = (id: string): string => (id === "dev7" ? "A farm by the sea" : `${prompt}A farm by the sea`);
      const questions = ids.map((id) => ({ id, user_id: `u-${id}`, input: input(id), profile: [item] }));
      writeJson(join(folder, `${split}_questions.json`), questions);
      const golds = ids.map((id) => ({ id, output: "comedy" }));
      writeJson(join(folder, `${split}_outputs.json`), { task: "LaMP_2", golds });
    }
    const said: string[] = [];
    const data = { source: "files", paths: [folder], chains: 4, rl: 4, prmu: 4, dev: 3, test: 20 };
    const { rows } = await gather({ data }, { ...silent, say: (line) => said.push(line) });
    expect(rows("test").some(({ id, input }) => id === "dev7" && input === "A farm by the sea")).toBe(true);
    expect(said).toEqual([expect.stringMatching(/^LaMP_2: 1 of \d+ inputs are not of the task's form \(dev7\)$/)]);
  });
});
