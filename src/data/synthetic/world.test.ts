import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { stream } from "../../core/random.ts";
import type { Task } from "../task.ts";
import { almanac } from "./almanac.ts";
import { examples } from "./examples.ts";
import { TYPES } from "./lexicon.ts";
import { queryText, readItem, readPrompt, shapeOfInput } from "./read.ts";
import { SHAPES } from "./shapes.ts";
import { hiddenUser, itemCount, userId, userKey } from "./users.ts";
import { makeWorld } from "./world.ts";

const shapes = Object.values(SHAPES);
const taskFile = (name: string): Task =>
  parse(readFileSync(new URL(`../../../tasks/${name}.yaml`, import.meta.url), "utf8")) as Task;

describe.each(shapes)("the synthetic world, $task", (shape) => {
  const draw = (seed: number, split = "dev", users = 40) => [...examples(makeWorld(seed), shape, { split, users })];

  it("is a function of its seed", () => {
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  it("gives a user the same examples whoever else is asked for", () => {
    expect(draw(3, "dev", 5)).toEqual(draw(3, "dev", 40).slice(0, 5));
  });

  it("never puts one user into two splits, nor one history", () => {
    const [train, dev] = [draw(3, "train"), draw(3, "dev")];
    const users = new Set(train.map((example) => example.user));
    expect(dev.some((example) => users.has(example.user))).toBe(false);
    const histories = new Set(train.map((example) => JSON.stringify(example.profile.map((item) => item.fields))));
    expect(dev.some((example) => histories.has(JSON.stringify(example.profile.map((item) => item.fields))))).toBe(
      false,
    );
  });

  it("shows in a query content words and fillers, never type, user or answer", () => {
    const types = new RegExp(`\\b(?:${TYPES.join("|")})\\b`);
    for (const example of draw(5)) {
      expect(example.input).not.toMatch(types);
      expect(example.input).not.toContain(example.user);
      expect(Object.keys(example).toSorted()).toEqual(["gold", "id", "input", "profile", "task", "user"]);
    }
  });

  it("draws a query's text from the same distribution whatever the user's type", () => {
    // The content of the first query, by type: no cell may stray further than chance (5 sigma of a Poisson count).
    const world = makeWorld(6, { maxItems: 2 });
    const counts = new Map<string, number>();
    const n = 1200;
    for (const example of examples(world, shape, { split: "leak", users: n })) {
      const type = hiddenUser(world, shape, userKey(example.user as never)).type;
      const first = shape.read(queryText(shape, example.input))?.[0];
      counts.set(`${type}/${first}`, (counts.get(`${type}/${first}`) ?? 0) + 1);
    }
    const values = new Set([...counts.keys()].map((key) => key.split("/")[1])).size;
    const mean = n / TYPES.length / values;
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });

  it("writes texts and answers that can be read back", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (n) => {
        const random = stream("round trip", n);
        const content = shape.drawContent(random);
        const outcome = random.int(shape.outcomes);
        expect(shape.read(shape.write(content, random))).toEqual(content);
        expect(
          shape.readAnswer(
            shape.answer(content, outcome, random.pick(["", "!", "..."].slice(0, shape.metric === "rouge1" ? 3 : 1))),
          ),
        ).toBe(outcome);
      }),
      { numRuns: 200 },
    );
  });

  it("has inputs that say which shape they are", () => {
    for (const example of draw(1, "dev", 3)) expect(shapeOfInput(example.input)).toBe(shape);
  });

  it("is read back from the prompt alone", () => {
    const task = taskFile(shape.task);
    for (const example of draw(2, "dev", 20)) {
      const lines = example.profile.map(
        (item, k) => `[${k + 1}] ${task.item.replace(/\{(\w+)\}/g, (_, name: string) => item.fields[name] ?? "")}`,
      );
      const read = readPrompt(`History of this user, oldest first:\n${lines.join("\n")}\n\n${example.input}`);
      expect(read?.shape).toBe(shape);
      expect(read?.items).toEqual(
        example.profile.map((item) =>
          readItem(shape, item.fields[shape.textField] ?? "", item.fields[shape.labelField] ?? ""),
        ),
      );
      expect(read?.items.every((item) => item.content !== null && item.outcome !== null)).toBe(true);
      expect(read?.content).toEqual(shape.read(queryText(shape, example.input)));
    }
  });

  it("has a task file with its labels", () => {
    const task = taskFile(shape.task);
    expect(task.name).toBe(shape.task);
    expect(task.metric).toBe(shape.metric);
    const field = task.itemFields.find((entry) => entry.label);
    expect(field?.name).toBe(shape.labelField);
    if (task.labels.length > 0)
      expect(task.labels).toEqual(
        shape.offer
          ? [0, 1].map((o) => shape.answer([0, 0, 1], o, ""))
          : Array.from({ length: shape.outcomes }, (_, o) => shape.answer([0, 1], o, "")),
      );
  });
});

describe("a population", () => {
  it("has users of 2 to 200 items, and skips the small ones on demand", () => {
    const world = makeWorld(0);
    const counts = Array.from({ length: 500 }, (_, index) => itemCount(world, { split: "dev", index }));
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...counts)).toBeLessThanOrEqual(200);
    expect(Math.max(...counts)).toBeGreaterThan(100);
    for (const example of examples(world, SHAPES.tag, { split: "dev", users: 30, minItems: 8 }))
      expect(example.profile.length).toBeGreaterThanOrEqual(8);
  });

  it("streams: the thousandth user costs no memory of the others", () => {
    const far = { split: "train", index: 999_999 };
    expect(userKey(userId(far))).toEqual(far);
    expect(itemCount(makeWorld(0), far)).toBeGreaterThan(1);
  });

  it("has an almanac without seed or users", () => {
    const facts = almanac(makeWorld(7));
    expect(Object.keys(facts).toSorted()).toEqual(
      ["concepts", "labels", "levels", "noise", "share", "titles", "types"].toSorted(),
    );
    expect(facts.types.map((type) => type.name)).toEqual(TYPES);
    expect(almanac(makeWorld(8)).types).not.toEqual(facts.types);
  });
});
