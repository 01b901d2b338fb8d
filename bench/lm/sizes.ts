import { freemem } from "node:os";
import { argument } from "../side-by-side.ts";

/** What the peers' program is told: the work and how large it is. Lengths in tokens. */
export interface Size {
  readonly groups: number;
  readonly prompt: number;
  readonly rollouts: number;
  readonly completion: number;
  /** 0 = all of the model's. */
  readonly layers: number;
}

export type Work = "W1" | "W2" | "W3" | "W4";

/** The reference works of docs/performance.md. */
const FULL: Readonly<Record<Work, Size>> = {
  W1: { groups: 4, prompt: 600, rollouts: 5, completion: 64, layers: 0 },
  W2: { groups: 32, prompt: 600, rollouts: 1, completion: 100, layers: 0 },
  W3: { groups: 4, prompt: 600, rollouts: 5, completion: 64, layers: 0 },
  W4: { groups: 16, prompt: 600, rollouts: 2, completion: 100, layers: 0 },
};

/** Cut to a fifth of the layers and less, for a slow or busy machine. The last layer then weighs more than in the whole model. */
const QUICK: Readonly<Record<Work, Size>> = {
  W1: { groups: 2, prompt: 300, rollouts: 5, completion: 32, layers: 6 },
  W2: { groups: 8, prompt: 300, rollouts: 1, completion: 50, layers: 6 },
  W3: { groups: 2, prompt: 300, rollouts: 5, completion: 32, layers: 6 },
  W4: { groups: 4, prompt: 300, rollouts: 2, completion: 50, layers: 6 },
};

/** TRL needs this much for the whole of W1 at once (docs/performance.md). */
const W1_BYTES = 31e9;

/** Sequences that the peer of W1 trains at once, 0 for all: one group where memory is too small for more. */
export function microOf(work: Work): number {
  const tight = work === "W1" && freemem() < W1_BYTES;
  return Number(argument("--micro", tight && !process.argv.includes("--quick") ? "5" : "0"));
}

/** The size asked for on the command line, and a sentence where it is less than the reference work. */
export function sizeOf(work: Work): { readonly size: Size; readonly cut: string | null } {
  const base = process.argv.includes("--quick") ? QUICK[work] : FULL[work];
  const of = (name: keyof Size): number => Number(argument(`--${name}`, String(base[name])));
  const size: Size = {
    ...{ groups: of("groups"), prompt: of("prompt"), rollouts: of("rollouts") },
    ...{ completion: of("completion"), layers: of("layers") },
  };
  const same = JSON.stringify(size) === JSON.stringify(FULL[work]);
  return { size, cut: same ? null : `cut from ${text(FULL[work])} to ${text(size)}` };
}

export const text = ({ groups, prompt, rollouts, completion, layers }: Size): string =>
  `${groups} × ${prompt} tokens, ${rollouts} × ${completion}, ${layers === 0 ? "all" : layers} layers`;
