import { expect, test } from "vitest";
import { loadConfig } from "../../core/config/load.ts";
import { configSchema } from "../../core/config/schema.ts";
import { readAssumptions } from "./assumptions.ts";
import { taskSizes } from "./sizes.ts";
import { workOf } from "./work.ts";

test("a plan has as many steps of few chains as the loop makes, whatever their number", async () => {
  const quick = loadConfig("presets/quickstart.yaml");
  const sft = { ...quick.sft, epochs: 1, batch: 4, least_steps: 7, max_chains: 0 };
  const config = configSchema.parse({ ...quick, sft, chains: { ...quick.chains, held_out: 0 } });
  const [size] = (await taskSizes(quick)).tasks;
  const steps = (byRules: number): number | undefined =>
    workOf({ config, tasks: size === undefined ? [] : [{ ...size, byRules }], assumed: readAssumptions([]) }).find(
      ({ stage }) => stage === "sft",
    )?.steps;
  for (let chains = 1; chains < 60; chains++)
    expect(steps(chains), `${chains}`).toBe(Math.max(7, Math.ceil(chains / 4)));
});
