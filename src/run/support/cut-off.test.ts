import { expect, test } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { cutOffOf, cutOffText, cutsMost, cutsSome, longerAnswers } from "./cut-off.ts";

const items = (...lengths: readonly number[]) => lengths.map((n) => ({ completion: Array<number>(n).fill(1) }));
const config = (given: object) =>
  configSchema.parse({
    ...{ guided: { max_tokens: 200 }, explore: { max_tokens: 200 } },
    ...{ eval: { max_tokens: 200 }, ...given },
  });

test("chains no longer than any answer are cut off nowhere", () => {
  expect(cutOffOf(items(10, 200), config({}))).toBeNull();
  expect(cutOffOf(items(10, 201), config({}))).not.toBeNull();
});

test("says how many are longer, than which settings, and what to set", () => {
  const found = cutOffOf(items(100, 150, 230, 240), config({ guided: { max_tokens: 120 }, eval: { max_tokens: 300 } }));
  expect(found).toMatchObject({ chains: 4, over: 3, longest: 240 });
  if (found === null) return;
  expect(cutOffText(found)).toBe(
    "3 of 4 chains are longer than the lowest of what answers may be (guided.max_tokens 120, explore.max_tokens 200)",
  );
  expect(longerAnswers(found)).toContain("--set guided.max_tokens=240 explore.max_tokens=240 lets answers");
  expect([cutsMost(found), cutsSome(found)]).toEqual([true, true]);
});

test("a few longer ones are no reason to end a run, nor worth a word", () => {
  const few = cutOffOf(items(...Array<number>(20).fill(50), 220), config({}));
  expect(few && [cutsMost(few), cutsSome(few)]).toEqual([false, false]);
  expect(cutOffOf([], config({}))).toBeNull();
});
