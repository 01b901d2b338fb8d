import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../../core/config/schema.ts";
import { readJson } from "../../../core/jsonl.ts";
import { openDataset, readAll, splitOf } from "../../../data/dataset.ts";
import { SHAPES } from "../../../data/synthetic/shapes.ts";
import { DEFAULT_WORLD } from "../../../data/synthetic/world.ts";
import type { Engines } from "../../../engine/engines.ts";
import { main } from "../../cli.ts";

const cwd = mkdtempSync(join(tmpdir(), "world-"));
async function world(...flags: string[]) {
  const said = { out: "", err: "" };
  const argv = ["data", "world", "--users", "12", "--dev", "6", ...flags];
  const io = {
    ...{ env: {}, cwd, argv, terminal: false, colour: false, onStop: () => () => {} },
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  const openEngines = (): Engines => {
    throw new Error("no engine here");
  };
  return { code: await main(argv, io, { stages: [], openEngines }), ...said };
}

it("writes all nine shapes as LaMP's files, which are read back, with three ceilings each", async () => {
  const { code, out } = await world("--out", "w", "--max-items", "20");
  expect(code).toBe(0);
  for (const shape of Object.values(SHAPES)) {
    expect(out).toMatch(new RegExp(`${shape.task} .* \\d\\.\\d{3} +\\d\\.\\d{3} +\\d\\.\\d{3} +6\\n`));
    const dataset = await openDataset(join(cwd, "w", shape.name));
    expect(dataset.task.name).toBe(shape.task);
    const [train, dev] = [await readAll(splitOf(dataset, "train")), await readAll(splitOf(dataset, "dev"))];
    expect([train.length, dev.length]).toEqual([12, 6]);
    for (const { gold, profile } of train) {
      expect(gold).not.toBe("");
      expect(profile.length).toBeLessThanOrEqual(20);
    }
    const users = new Set(train.map(({ user }) => user));
    expect(dev.some(({ user }) => users.has(user))).toBe(false);
    expect(readJson<object>(join(cwd, "w", shape.name, "ceilings.json"))).toMatchObject({
      task: shape.task,
      n: 6,
      k: 8,
    });
  }
});

it("the same seed writes the same, --json prints numbers alone", async () => {
  const once = await world("--shape", "tweet", "--seed", "3", "--out", "a", "--json");
  const again = await world("--shape", "synthetic_tweet", "--seed", "3", "--out", "b", "--json");
  expect(JSON.parse(once.out)).toEqual(JSON.parse(again.out));
  const rows = async (dir: string) => readAll(splitOf(await openDataset(join(cwd, dir, "tweet")), "dev"));
  expect(await rows("a")).toEqual(await rows("b"));
});

it("wrong constants and unknown shapes are refused, and nothing is written", async () => {
  const refused = async (message: RegExp, ...flags: string[]) =>
    expect(await world("--out", "never", ...flags)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  await refused(/no task "tags"/, "--shape", "tags");
  await refused(/above 0/, "--k", "0");
  await refused(/nobody to write/, "--users", "0", "--dev", "0");
  await refused(/not a share/, "--distractors", "1.5");
  await refused(/users of 9 to 3 items/, "--min-items", "9", "--max-items", "3");
  expect(existsSync(join(cwd, "never"))).toBe(false);
});

it("the config's constants are the world's", () => {
  const { min_items, max_items, ...rates } = configSchema.parse({}).data.world;
  expect({ ...rates, minItems: min_items, maxItems: max_items }).toEqual(DEFAULT_WORLD);
});
