import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { Datum, LossResult, TrainingClient } from "../engine/types.ts";

/** What a maker of soft prompts is asked: a text in its own tokens, and a user's vectors, one an item. */
export interface SoftAsk {
  readonly text: readonly number[];
  readonly items: readonly ArrayLike<number>[];
}

/** Two soft tokens, and how much each item has to do with the second: weights that sum to 1. */
export interface SoftPrompt {
  readonly soft: readonly Float32Array[];
  readonly attention: Float32Array;
}

/** Rows of a soft prompt: the instruction's and the user's. */
const ROWS = 2;

/** A user without items is one vector of zeros. */
export function softDatum({ text, items }: SoftAsk, width: number): Datum {
  const data = new Float32Array(Math.max(1, items.length) * width);
  for (const [i, item] of items.entries()) data.set(Float32Array.from(item), i * width);
  return { tokens: text, inputs: { items: { dtype: "float32", data } } };
}

/** The same with what a loss behind its soft tokens has come back with, [2 · D]. */
export const withGradients = (datum: Datum, data: Float32Array): Datum => ({
  ...datum,
  inputs: { ...datum.inputs, gradients: { dtype: "float32", data } },
});

/** Soft tokens of asks, as the maker stands. `width`: of a vector. */
export async function makeSoftPrompts(
  maker: Pick<TrainingClient, "forward">,
  asks: readonly SoftAsk[],
  width: number,
): Promise<SoftPrompt[]> {
  if (asks.length === 0) return [];
  const data = asks.map((ask) => softDatum(ask, width));
  return read(await maker.forward(data, "soft_prompt"), asks);
}

function read({ outputs }: LossResult, asks: readonly SoftAsk[]): SoftPrompt[] {
  return zipStrict(asks, outputs).map(([{ items }, { soft_tokens: flat, attention }]) => {
    if (flat === undefined || attention === undefined || flat.length === 0 || flat.length % ROWS !== 0)
      throw new TagprError("engine", `the engine answered ${flat?.length ?? "no"} numbers for a soft prompt`);
    const wide = flat.length / ROWS;
    const soft = Array.from({ length: ROWS }, (_, r) => flat.slice(r * wide, (r + 1) * wide));
    return { soft, attention: items.length === 0 ? new Float32Array() : attention };
  });
}
