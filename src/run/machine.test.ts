import { describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import type { Machine } from "../model/machine.ts";
import { type Measure, settleMachine } from "./machine.ts";

const MACHINE: Machine = { device: "cuda", dtype: "bfloat16", hardware: "cuda: A", seconds: {}, also: [] };

/** A machine that chooses CUDA and bf16, and remembers what it was asked. */
function fake(here = "cuda: A") {
  const asked: Parameters<Measure["choose"]>[0][] = [];
  const measure: Measure = {
    choose: async (request) => {
      asked.push(request);
      return { device: "cuda", dtype: "bfloat16", hardware: here, seconds: {} };
    },
    hardware: async () => here,
  };
  return { asked, measure };
}

const parse = (engines: object = {}) => configSchema.parse({ name: "m", engines, guided: { rank: 4, rollouts: 3 } });

describe("settleMachine", () => {
  it("decides once, for every role that left something open, and leaves what was given", async () => {
    const { asked, measure } = fake();
    const config = parse({ reward: { dtype: "float32" }, embeddings: { device: "cpu", dtype: "float32" } });
    const { config: settled, machine } = await settleMachine(config, { known: undefined, anyHardware: false, measure });
    expect(asked).toEqual([
      { model: config.model, engine: config.engines.policy, work: expect.objectContaining({ rank: 4, rollouts: 3 }) },
    ]);
    expect(settled.engines.policy).toMatchObject({ device: "cuda", dtype: "bfloat16" });
    expect(settled.engines.reward).toMatchObject({ device: "cuda", dtype: "float32" });
    expect(settled.engines.embeddings).toMatchObject({ device: "cpu", dtype: "float32" });
    expect(machine).toEqual(MACHINE);
  });

  it("asks with the reward model where the policy is elsewhere", async () => {
    const { asked, measure } = fake();
    const config = configSchema.parse({
      name: "m",
      engines: { policy: { kind: "remote", url: "http://127.0.0.1:1" } },
      prmu: { model: "reward/model" },
    });
    await settleMachine(config, { known: undefined, anyHardware: false, measure });
    expect(asked.map(({ model }) => model)).toEqual(["reward/model"]);
  });

  it("measures nothing where nothing is open, and nothing anew where run.json knows", async () => {
    const { asked, measure } = fake();
    const given = { device: "cpu", dtype: "float32" };
    const closed = parse({ policy: given, reward: given, embeddings: given });
    expect(await settleMachine(closed, { known: undefined, anyHardware: false, measure })).toEqual({
      config: closed,
      machine: undefined,
    });
    const again = await settleMachine(parse(), { known: MACHINE, anyHardware: false, measure });
    expect(again.machine).toBe(MACHINE);
    expect(asked).toEqual([]);
  });

  it("refuses other hardware unless told, computes on as the run began, and keeps what it was told", async () => {
    const { measure } = fake("cuda: B");
    const go = (anyHardware: boolean, known = MACHINE) => settleMachine(parse(), { known, anyHardware, measure });
    await expect(go(false)).rejects.toMatchObject({ code: "run", hint: expect.stringContaining("--any-hardware") });
    const told = await go(true);
    expect(told.machine).toEqual({ ...MACHINE, also: ["cuda: B"] });
    expect(told.config.engines.policy.dtype).toBe("bfloat16");
    expect((await go(false, told.machine)).machine).toEqual(told.machine);
  });
});
