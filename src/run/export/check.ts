import { TagprError } from "../../core/errors.ts";
import { zipStrict } from "../../core/zip.ts";
import type { PolicyAnswer } from "../../engine/verify.ts";

/** A response of the run's own model: its tokens, its log-probs (nats), and whether it was taken greedily. */
export interface Said {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  readonly greedy: boolean;
}

/** What the card says of the check. */
export interface Checked {
  /** Largest difference found: nats a token, or of a logit. */
  readonly largest: number;
  /** Tokens, or logits, compared. */
  readonly compared: number;
  readonly tolerance: number;
}

/**
 * The run's own log-probs against the exported folder's: equal within `tolerance`, and so are the greedy tokens wherever
 * the two best are further apart than that. @throws TagprError on drift.
 */
export function checkPolicy(said: readonly Said[], answers: readonly PolicyAnswer[], tolerance: number): Checked {
  let largest = 0;
  let compared = 0;
  for (const [own, theirs] of zipStrict(said, answers)) {
    for (const [a, b] of zipStrict(own.logprobs, theirs.logprobs)) largest = Math.max(largest, apart(a, b));
    compared += own.tokens.length;
    if (!own.greedy) continue;
    for (const [t, token] of own.tokens.entries())
      if (theirs.best[t] !== token && (theirs.margin[t] ?? 0) > tolerance)
        throw drift(
          `the greedy token at place ${t} is ${theirs.best[t]}, the run's own was ${token} (the two best are ${theirs.margin[t]} nats apart)`,
        );
  }
  requireAny(compared, "responses", "Its dev slice gave none: raise data.dev and run the stages again.");
  if (largest > tolerance) throw drift(`log-probs differ by up to ${largest.toExponential(1)} nats`, tolerance);
  return { largest, compared, tolerance };
}

/** Logits of the run's own reward model against the exported folder's. @throws TagprError on drift. */
export function checkReward(own: readonly number[], theirs: readonly number[], tolerance: number): Checked {
  const largest = zipStrict(own, theirs).reduce((most, [a, b]) => Math.max(most, apart(a, b)), 0);
  requireAny(own.length, "preference pairs", "Raise data.prmu or prmu.rollouts and run the prmu stage again.");
  if (largest > tolerance) throw drift(`logits differ by up to ${largest.toExponential(1)}`, tolerance);
  return { largest, compared: own.length, tolerance };
}

/** A check of nothing would pass whatever was written. */
function requireAny(compared: number, what: string, hint: string): void {
  if (compared === 0)
    throw new TagprError("run", `the export was refused: the run has no ${what} to compare the folder with`, { hint });
}

/** NaN on either side is as far apart as can be. */
const apart = (a: number, b: number): number => {
  const distance = Math.abs(a - b);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
};

const drift = (what: string, tolerance?: number): TagprError =>
  new TagprError(
    "engine",
    `the export was refused: ${what}${tolerance === undefined ? "" : `, ${tolerance} is allowed`}`,
    {
      hint: "The exported model is not the run's. An engine that computes in bfloat16 differs by about 0.01: say --tolerance 0.05 if that is what you want. Nothing was kept.",
    },
  );
