import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { silent } from "../core/progress.ts";
import { openLoop } from "../core/run-dir.ts";
import { makeFakeEngine } from "../engine/testing/fake-engine.ts";
import { labelled, preferred, scoreTexts, trainScorer } from "./train-scorer.ts";

const config = configSchema.parse({ hydra: { learning_rate: 0.02, batch: 4, epochs: 20, head_rate: 10 } }).hydra;
const options = (engine: ReturnType<typeof makeFakeEngine>, loss: "logistic" | "bradley_terry") => ({
  ...{ name: "hydra", title: "HYDRA", engine, model: "encoder", users: 2, loss, config, seed: 3 },
  ...{ log: openLoop(mkdtempSync(join(tmpdir(), "scorer-"))), progress: silent, clock: () => 0 },
});
const [DARK, LIGHT] = [[5], [6]];

it("heads part users: the same two answers, each right for one of them", async () => {
  const engine = makeFakeEngine({ vocab: 12 });
  const units = [1, 2].flatMap((row) =>
    Array.from({ length: 6 }, (_, i) => {
      const tokens = i % 2 === 0 ? DARK : LIGHT;
      return labelled(`${row}/${i}`, "t", { tokens, row }, (i % 2 === 0) === (row === 1));
    }),
  );
  const { path, step } = await trainScorer({ ...options(engine, "logistic"), units });
  expect(step).toBe(60);
  const asked = [1, 2].flatMap((row) => [DARK, LIGHT].map((tokens) => ({ tokens, row })));
  const [a, b, c, d] = (await scoreTexts(engine, { path, users: 2, seed: 3 }, asked)) as [
    number,
    number,
    number,
    number,
  ];
  expect(a).toBeGreaterThan(b + 0.5);
  expect(d).toBeGreaterThan(c + 0.5);
});

it("pairs teach which of two texts is preferred", async () => {
  const engine = makeFakeEngine({ vocab: 12 });
  const units = Array.from({ length: 8 }, (_, i) => preferred(`${i}`, "t", DARK, LIGHT));
  const { path } = await trainScorer({ ...options(engine, "bradley_terry"), users: 0, units });
  const texts = [DARK, LIGHT].map((tokens) => ({ tokens, row: 0 }));
  const [better, worse] = (await scoreTexts(engine, { path, users: 0, seed: 3 }, texts)) as [number, number];
  expect(better).toBeGreaterThan(worse);
});

it("without anything to learn the scorer is handed on as it began", async () => {
  expect((await trainScorer({ ...options(makeFakeEngine({ vocab: 12 }), "logistic"), units: [] })).step).toBe(0);
});
