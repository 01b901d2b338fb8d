import { appendFileSync, mkdtempSync, readFileSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { SampleRequest } from "../engine/types.ts";
import { fileStore } from "../llm/store.ts";
import { keptSampler } from "./kept.ts";
import { renderer } from "./testing/fakes.ts";
import type { Ask } from "./types.ts";

const fresh = (): string => join(mkdtempSync(join(tmpdir(), "kept-")), "answers.jsonl");

/** A sampler over a file, and the units that reach the engine. */
function over(path: string, identity: unknown = "weights") {
  const units: (readonly SampleRequest[])[] = [];
  const sample = keptSampler({
    ...{ codec: renderer, identity, maxTokens: 20, store: fileStore(path) },
    open: async () => ({
      sample: async (requests) => {
        units.push(requests);
        return requests.map(({ prompt, numSamples, seed }) =>
          Array.from({ length: numSamples }, (_, k) => {
            const tokens = [...renderer.encode(`${renderer.decode(prompt)}:${seed}:${k}`), 0];
            return { tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const };
          }),
        );
      },
    }),
  });
  return { sample, units };
}
const ask = (text: string, more: Partial<Ask> = {}): Ask => ({ prompt: renderer.encode(text), seed: 1, ...more });

it("what was asked once is not asked again: in one call, in a later one, after a restart", async () => {
  const path = fresh();
  const first = over(path);
  const answers = await first.sample([ask("a"), ask("b", { n: 2, temperature: 1 }), ask("a")]);
  expect(first.units.map((unit) => unit.length)).toEqual([2]);
  expect(answers.map((group) => group.map(({ text }) => text))).toEqual([["a:0:0"], ["b:1:0", "b:1:1"], ["a:0:0"]]);
  const second = over(path);
  expect(await second.sample([ask("b", { n: 2, temperature: 1 }), ask("a", { seed: 9 })])).toEqual(answers.slice(1));
  expect(second.units).toEqual([]);
});

it.each([{ temperature: 0.5 }, { n: 2 }, { maxTokens: 5 }, { topP: 0.9 }])(
  "what would be answered otherwise is asked: %o",
  async (more) => {
    const { sample, units } = over(fresh());
    await sample([ask("a")]);
    await sample([ask("a", more)]);
    expect(units).toHaveLength(2);
  },
);

it("other weights answer for themselves; so do other seeds of a sample", async () => {
  const path = fresh();
  await over(path).sample([ask("a", { temperature: 1 })]);
  for (const [identity, seed] of [
    ["others", 1],
    ["weights", 2],
  ] as const) {
    const { sample, units } = over(path, identity);
    await sample([ask("a", { temperature: 1, seed })]);
    expect(units).toHaveLength(1);
  }
});

it("a unit that a kill tore is asked again whole, as an unbroken evaluation asked it", async () => {
  const path = fresh();
  const whole = over(path);
  await whole.sample([ask("a"), ask("b")]);
  const before = readFileSync(path).length;
  await whole.sample([ask("c"), ask("d")]);
  truncateSync(path, before + 40);
  const again = over(path);
  await again.sample([ask("a"), ask("b")]);
  await again.sample([ask("c"), ask("d")]);
  expect(again.units).toEqual(whole.units.slice(1));
  appendFileSync(path, "torn");
  expect(await over(path).sample([ask("d")])).toEqual([[{ text: "d:0:0", tokens: 6, truncated: false }]]);
});
