import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { STAGES } from "./index.ts";

const reads = (wanted: (name: string) => boolean): string[][] => {
  const config = configSchema.parse({});
  const stages = STAGES.filter(({ name }) => wanted(name));
  return stages.map((stage) => stage.reads(config).map((file) => file.split("/")[0] ?? ""));
};

it("every stage that trains or evaluates, alone, asks an empty run for its data first", () => {
  const asked = reads((name) => name !== "data" && name !== "report");
  expect(asked.length).toBeGreaterThan(5);
  for (const folders of asked) expect(folders).toContain("data");
});

it("a report alone asks for what was evaluated, whichever stages that hung on", () => {
  expect(reads((name) => name === "report")).toEqual([["result.json", "eval"]]);
});
