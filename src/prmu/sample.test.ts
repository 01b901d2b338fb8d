import { describe, expect, it } from "vitest";
import { silent } from "../core/progress.ts";
import { makeFakeEngine } from "../engine/testing/fake-engine.ts";
import { base, codec, makeExamples, promptOf, STEPS, tasks } from "../prompts/testing/tiny-world.ts";
import { samplePairSources } from "./sample.ts";

const examples = makeExamples(120, (i) => (i % 2 === 0 ? "comedy" : "romance"), 12);

describe("sampling for pairs", () => {
  const ask = async (some: typeof examples, max_tokens = base.prmu.max_tokens) => {
    const said: string[] = [];
    const sources = await samplePairSources({
      sampler: await makeFakeEngine({ vocab: codec.vocab }).sampler("base"),
      codec,
      examples: some,
      tasks,
      tags: STEPS,
      promptOf,
      promptWithout: promptOf,
      promptWith: promptOf,
      config: { ...base.prmu, max_tokens },
      seed: 4,
      progress: { ...silent, end: (text) => said.push(text ?? "") },
    });
    return { sources, said };
  };

  it("names seeds by query, so that a query's responses don't depend on the others", async () => {
    const { sources: all } = await ask(examples.slice(0, 10));
    expect((await ask(examples.slice(7, 8))).sources[0]).toEqual(all[7]);
    expect(all[0]?.withProfile).toHaveLength(base.prmu.rollouts);
    expect(all[0]?.withProfile).not.toEqual(all[0]?.withoutProfile);
  });

  it("says how many responses were too long to make a pair", async () => {
    const { sources, said } = await ask(examples.slice(0, 3), 2);
    const all = sources.flatMap((one) => [...one.withProfile, ...one.withoutProfile, ...one.otherProfile]);
    const cut = all.filter(({ truncated }) => truncated);
    expect(cut.length).toBeGreaterThan(all.length / 2);
    expect(cut.some(({ formatOk }) => formatOk)).toBe(false);
    expect(said).toEqual([`${cut.length} of ${all.length} were cut off at prmu.max_tokens (2) and make no pair`]);
  });
});
