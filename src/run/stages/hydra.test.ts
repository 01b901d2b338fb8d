import { expect, it } from "vitest";
import { loadTask } from "../../data/task-file.ts";
import type { QueryId, ShownExample, UserId } from "../../data/types.ts";
import { judged, ownQueries } from "./hydra.ts";

const movies = loadTask("LaMP_2");
const item = (id: string, tag: string) => ({ id, fields: { description: `film ${id}`, tag } });
const example: ShownExample = {
  ...{ task: "LaMP_2", id: "q" as QueryId, user: "u" as UserId, gold: "classic" },
  ...{ input: "Which tag? description: the query's film", historyItems: 9 },
  shown: [item("a", "comedy"), item("b", "action"), item("c", "comedy")],
};

it("a test user's head learns from the user's own newest items, each with the older ones in its prompt; its query's gold is not read", () => {
  const asked = ownQueries([example], [movies], 2);
  expect(asked.map(({ input, gold, shown }) => [input, gold, shown.map(({ id }) => id)])).toEqual([
    ["Which tag? description: film b", "action", ["a"]],
    ["Which tag? description: film c", "comedy", ["a", "b"]],
  ]);
  expect(new Set(asked.map(({ id }) => id)).size).toBe(2);
  expect(JSON.stringify(asked)).not.toContain("classic");
  expect(ownQueries([example], [movies], 0)).toEqual([]);
});

it("an answer that holds the gold is right; of texts the gold alone is", () => {
  expect(judged(movies, "Comedy", ["a dark comedy", "action"]).map(({ right }) => right)).toEqual([true, false]);
  expect(judged({ kind: "generation" }, "Rain", ["Rain", "Sun"])).toEqual([
    { answer: "Rain", right: false },
    { answer: "Sun", right: false },
    { answer: "Rain", right: true },
  ]);
});
