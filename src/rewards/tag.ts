import type { Response } from "../prompts/response.ts";

/** The three checks of the tag reward (paper section 3.4). */
export interface TagChecks {
  /** A clean sequence of `<tag>…</tag>` steps; an empty step, or the same step twice in a row, is none (ours). */
  readonly wellFormed: boolean;
  /** Every step's tag is in the allowed set. */
  readonly allowed: boolean;
  /** At least `minTags` steps with a tag and a text. */
  readonly enough: boolean;
}

/** `reading` must have been made with the allowed tags. */
export function tagChecks(reading: Response, minTags: number): TagChecks {
  const full = reading.steps.filter((step) => step.tag !== null && step.text.trim() !== "");
  return { wellFormed: reading.chainOk, allowed: reading.tagsAllowed, enough: full.length >= minTags };
}

/** Tag reward (paper eq. 9): 0 if all checks pass, else −1; `graded` (ours): −1/3 a failed check. */
export function tagReward(checks: TagChecks, graded: boolean): number {
  const failed = [checks.wellFormed, checks.allowed, checks.enough].filter((passed) => !passed).length;
  if (failed === 0) return 0;
  return graded ? -failed / 3 : -1;
}
