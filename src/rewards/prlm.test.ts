import { expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { loadTask } from "../data/task-file.ts";
import type { OwnItem } from "./own.ts";
import { PRLM_WEIGHTS, prlmRewards, prlmSignals } from "./prlm.ts";
import { weightsOf } from "./weights.ts";

const [headlines, movies] = [loadTask("LaMP_4"), loadTask("LaMP_2")];
const item = (
  task: string,
  gold: string,
  answer: string | null,
  response = `<think>\nso\n</think>${answer}`,
): OwnItem => ({
  ...{
    task,
    query: "q",
    user: "u",
    input: "article: rain",
    shown: [],
    gold,
    response,
    answer,
    steps: [],
    truncated: false,
  },
});
/** A reward model that likes what sounds like this user. */
const logits = async (items: readonly OwnItem[]) => items.map(({ answer }) => (answer?.includes("!") ? 4 : -4));
const scores = async (items: readonly OwnItem[]) =>
  Object.fromEntries(
    await Promise.all(
      prlmSignals([headlines, movies], logits).map(async ({ name, score }) => [name, await score(items)] as const),
    ),
  );

it("of two answers of one quality the one that the contrastive model finds written with the profile earns more", async () => {
  const both = [item("LaMP_4", "rain fell", "rain fell!"), item("LaMP_4", "rain fell", "rain fell")];
  const { quality, closed, personal } = await scores(both);
  expect(quality).toEqual([3, 3]);
  expect(closed).toEqual([1, 1]);
  const [better = 0, worse = 0] = personal ?? [];
  expect(better).toBeGreaterThan(0.9);
  expect(worse).toBeLessThan(0.1);
});

it("quality is three ROUGEs of a text and the verifiable reward of a label; nothing said costs", async () => {
  const { quality, personal } = await scores([
    item("LaMP_4", "rain fell hard", "rain fell"),
    item("LaMP_2", "comedy", "comedy"),
    item("LaMP_2", "comedy", "action"),
    item("LaMP_4", "rain", null),
    item("LaMP_2", "comedy", null),
  ]);
  expect(quality?.[0]).toBeCloseTo(0.8 + 2 / 3 + 0.8, 10);
  expect(quality?.slice(1)).toEqual([1, 0, 0, 0]);
  expect(personal?.slice(3)).toEqual([-10, 0]);
});

it("closed asks for a line break before the end of the thoughts", async () => {
  const { closed } = await scores([
    item("LaMP_2", "comedy", "comedy", "<think>so</think>comedy"),
    item("LaMP_2", "comedy", "comedy"),
  ]);
  expect(closed).toEqual([0, 1]);
});

it("its weights are the source's, and none of the paper's signals has one", () => {
  const config = configSchema.parse({});
  const own = { own: {}, of: {} };
  const weights = weightsOf({ rewards: prlmRewards(config.rewards), stage: "guided", own }, "LaMP_4");
  expect(weights).toMatchObject({ ...PRLM_WEIGHTS, verifiable: 0, tag: 0, personalization: 0, repetition: 0 });
});
