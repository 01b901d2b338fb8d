import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { METHODS, methodOf, methodsOf } from "./index.ts";
import { methodLabel } from "./tables.ts";

const config = (given: object) => configSchema.parse(given);

it("a row is called what it is: SFT on gold or on untagged chains is no w/o RL, and is asked as it has learnt", () => {
  const as = (form: string) => methodOf("sft-r", config({ sft: { form } }));
  expect(as("tagged").label).toBe("SFT-R (w/o RL)");
  expect(as("gold")).toMatchObject({ label: "SFT on gold (sft.form)", reasoning: false });
  expect(as("untagged")).toMatchObject({ label: "SFT, untagged (w/o RL)", reasoning: true });
  expect(methodLabel("sft-r", { "sft-r": "another" })).toBe("another");
  const labels = METHODS.map(({ label }) => label);
  expect(new Set([...labels, as("gold").label]).size).toBe(labels.length + 1);
});

it("methods come in the order of the tables, each once, whatever order a config names them in", () => {
  const names = methodsOf(config({ eval: { methods: ["tagpr", "rag", "zero-shot", "rag"] } })).map(({ name }) => name);
  expect(names).toEqual(["zero-shot", "rag", "tagpr"]);
});

it("a name that stands for none is refused with the nearest; the old name of SFT on gold with the new one", () => {
  expect(() => methodOf("rag-t", config({}))).toThrow(/no method rag-t \(did you mean rag/);
  expect(() => methodOf("sft-gold", config({}))).toThrow(/no method sft-gold/);
  try {
    methodOf("sft-gold", config({}));
  } catch (error) {
    expect(error).toMatchObject({ hint: expect.stringMatching(/called sft now/) });
  }
});

it("each method stands in a file of its name", () => {
  for (const name of METHODS.map((method) => method.name))
    expect(existsSync(new URL(`./${name}.ts`, import.meta.url)), name).toBe(true);
});
