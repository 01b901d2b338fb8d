import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import type { QueryId, ShownExample, UserId } from "../data/types.ts";
import { makeBorrow } from "./warm-start.ts";

const tasks = [loadTask("LaMP_2"), loadTask("LaMP_4")];
let made = 0;
const example = (user: string, items: readonly Record<string, string>[], task = "LaMP_2"): ShownExample => {
  const shown = items.map((fields, i) => ({ id: `${user}-${i}`, fields }));
  return {
    task,
    id: `q${made++}` as QueryId,
    user: user as UserId,
    input: "?",
    gold: null,
    shown,
    historyItems: shown.length,
  };
};
const film = (description: string, tag: string): Record<string, string> => ({ description, tag });

/** Both saw the same films and tagged them each in their own way. */
const trained = [
  example("grim", [film("a wall divides the city", "dystopia"), film("a judge on the run", "violence")]),
  example("merry", [film("a wall divides the city", "comedy"), film("a judge on the run", "classic")]),
];
const rows = { "LaMP_2/grim": 1, "LaMP_2/merry": 2, "LaMP_4/writer": 3 };
const writer = example("writer", [{ title: "Markets fall", text: "shares fell on fears of rates" }], "LaMP_4");

describe("warm start", () => {
  const borrow = makeBorrow([...trained, writer], rows, tasks, 4);
  it("lends the row of the user who chose alike, not of one who merely saw the same", () => {
    expect(borrow(example("new", [film("a wall around a city", "comedy")]))).toBe(2);
    expect(borrow(example("new", [film("a wall around a city", "dystopia")]))).toBe(1);
  });
  it("goes by words where the task has no labels, and never across tasks", () => {
    expect(borrow(example("new", [{ title: "Rates up", text: "fears of rates" }], "LaMP_4"))).toBe(3);
    expect(borrow(example("new", [{ title: "a wall", text: "a wall divides the city" }], "LaMP_4"))).toBe(0);
  });
  it("is the unknown row where nothing is alike or nothing is known", () => {
    expect(borrow(example("new", []))).toBe(0);
    expect(borrow(example("new", [film("quiet gardens", "romance")]))).toBe(0);
    expect(makeBorrow(trained, {}, tasks, 4)(example("new", [film("a wall", "comedy")]))).toBe(0);
  });
  it("looks at the last few items alone", () => {
    const changed = example("new", [
      film("a wall divides the city", "dystopia"),
      film("a judge on the run", "classic"),
    ]);
    expect(makeBorrow(trained, rows, tasks, 1)(changed)).toBe(2);
  });
});
