import { stream } from "../core/random.ts";
import type { ShownExample } from "../data/types.ts";

/** `share` of the users are held out whole (unseen users), and of the others half that share of queries (seen users). */
export function splitOf({ task, id, user }: ShownExample, share: number, seed: number): "train" | "held_out" {
  const draw = (...name: string[]): number => stream(seed, "prmu", "held-out", ...name).next();
  if (user !== null && draw("user", task, user) < share) return "held_out";
  return draw("query", task, id) < (user === null ? share : share / 2) ? "held_out" : "train";
}
