import { describe, expect, it } from "vitest";
import { ENDPOINT } from "./hostile/endpoint.ts";
import { FOLDERS } from "./hostile/folders.ts";
import { INPUTS } from "./hostile/inputs.ts";
import { SILENCE } from "./hostile/silence.ts";
import { hold } from "./hostile/trial.ts";
import { tryOnce } from "./hostile.ts";

/** A little of `npm run soak -- hostile`, without the engine, which has tests of its own. */
const SHORT = [...FOLDERS, ...ENDPOINT, ...SILENCE, ...INPUTS];

describe("a short soak", () => {
  it.each(SHORT.map((trial) => [trial.point, trial.name, trial] as const))("point %i: %s", async (_, __, trial) => {
    for (let round = 0; round < 3; round++) expect(await tryOnce(trial, 16, round)).toBeNull();
  });

  it("tells a promise that is not kept, the same for the same seed and round", async () => {
    const broken = {
      point: 0,
      name: "x",
      run: async ({ random }: { random: { next(): number } }) => hold(false, `${random.next()}`),
    };
    const [first, again, other] = [
      await tryOnce(broken, 1, 2),
      await tryOnce(broken, 1, 2),
      await tryOnce(broken, 1, 3),
    ];
    expect(first).toMatch(/^0\.\d+$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});
