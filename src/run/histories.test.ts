import { expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { openHistories } from "./histories.ts";
import { syntheticData } from "./stages/data-synthetic.ts";

const config = configSchema.parse({
  data: {
    ...{ source: "synthetic", task: "synthetic_tag", users: { train: 6, dev: 3, test: 4 } },
    ...{ chains: 4, rl: 4, prmu: 2, dev: 2, test: 4 },
  },
});
const shown = () =>
  syntheticData(config, async (_, { profile, ...question }) => ({
    ...question,
    ...{ shown: profile.slice(-2), historyItems: profile.length },
  }));

it("a query's history is more than its prompt shows, and ends with that", async () => {
  const { splits } = await shown();
  const histories = await openHistories({ config }, 512)(splits.test);
  for (const [i, example] of splits.test.entries()) {
    expect(histories[i]).toHaveLength(example.historyItems);
    expect(histories[i]?.slice(-2)).toEqual(example.shown);
  }
  const few = await openHistories({ config }, 3)(splits.test);
  expect(few.every((items) => items.length === 3)).toBe(true);
});

it("with another user's items in the prompt there is no history but these", async () => {
  const { splits } = await shown();
  const [a, b] = splits.test;
  if (a === undefined || b === undefined) throw new Error("two users are needed");
  const stranger = { id: "x", fields: { description: "nobody's film", tag: "comedy" } };
  expect(await openHistories({ config }, 512)([{ ...a, shown: [stranger] }])).toEqual([[stranger]]);
});
