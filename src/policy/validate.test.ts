import { describe, expect, it } from "vitest";
import { hackingSigns, isTrainable, judgeProbe, type Probe, type Validation } from "./validate.ts";

const at = (batch: number, score: number, personalization: number | null, form = {}): Validation => ({
  batch,
  score,
  personalization,
  form: {
    ...{ tokens: 100, duplicateSteps: 0, quotations: 50, ungrounded: 0.1 },
    ...{ decided: 50, decidingTrue: 0.6, noStatement: 0 },
    ...form,
  },
});

describe("signs of reward hacking", () => {
  it("are none at the first look, nor where nothing changed for the worse", () => {
    expect(hackingSigns([])).toEqual([]);
    expect(hackingSigns([at(0, 0.5, 0.5)])).toEqual([]);
    expect(hackingSigns([at(0, 0.5, 0.5), at(20, 0.6, 0.9)])).toEqual([]);
  });
  it("say when the reward model is more pleased while the verifiable score falls", () => {
    const [sign] = hackingSigns([at(0, 0.5, 0.5), at(20, 0.55, 0.6), at(40, 0.4, 0.7)]);
    expect(sign).toMatch(/rose by 0\.200 since batch 0 while the verifiable score fell by 0\.100/);
    expect(hackingSigns([at(0, 0.5, null), at(20, 0.4, null)])).toEqual([]);
  });
  it("are seen where what was learnt first is given up again, though the last look is better than the first", () => {
    const best = at(20, 0.6, 0.55);
    const last = at(40, 0.35, 0.95, { tokens: 300 });
    expect(hackingSigns([at(0, 0.28, 0.45), best, last])).toEqual([
      expect.stringMatching(/rose by 0\.400 since batch 20 while the verifiable score fell by 0\.250/),
      expect.stringMatching(/grew from 100 to 300 tokens/),
    ]);
    expect(hackingSigns([at(0, 0.28, 0.45), best, at(40, 0.61, 0.95)])).toEqual([]);
  });
  it("say when form pays: length, repeated steps, false statements", () => {
    const bad = at(20, 0.5, null, { tokens: 200, duplicateSteps: 0.3, ungrounded: 0.5 });
    expect(hackingSigns([at(0, 0.5, null), bad])).toHaveLength(3);
    const invented = at(16, 0.6, null, { decidingTrue: 0.1 });
    expect(hackingSigns([at(0, 0.2, null), invented])).toEqual([expect.stringMatching(/the evidence is made up/)]);
  });
});

describe("what there is to select before RL", () => {
  const found: Probe = {
    ...{ queries: 128, pass1: 0, passK: 0, tagValid: 0.9, unreadable: 0, truncated: 0, looping: 0 },
    ...{ withSpread: 1, withVerifiableSpread: 0 },
  };
  it("is nothing where no answer is right, whatever a reward model says of the responses", () => {
    expect(isTrainable(found, true)).toBe(false);
    expect(judgeProbe(found, 5, true, 99).join(" ")).toMatch(/verifiable ones within 0\.0%.*nothing to select/);
  });
  it("is what the other signals tell where answers are not rewarded", () => {
    expect(isTrainable(found, false)).toBe(true);
    expect(isTrainable({ ...found, withSpread: 0 }, false)).toBe(false);
  });
  it("is little where the best of a group is hardly better than one response", () => {
    const little = { ...found, pass1: 0.5, passK: 0.6, withVerifiableSpread: 0.2 };
    expect(isTrainable(little, true)).toBe(true);
    expect(judgeProbe(little, 5, true, 99).join(" ")).toMatch(/only 10\.0% better/);
    expect(judgeProbe({ ...little, passK: 0.8 }, 5, true, 99)).toHaveLength(1);
  });
});
