import { readResponse } from "../prompts/response.ts";
import { type TaggedStep, taggedCompletion, untaggedCompletion } from "./pieces.ts";
import type { Candidate, Chain } from "./types.ts";

/** A chain that passed, or the reason why it did not. */
export type Formatted = Omit<Chain, "split"> | { readonly reason: FormatReason };
export type FormatReason = "chain ill-formed" | "tag not allowed" | "too few steps" | "answer changed";

/**
 * Writes a candidate with its tags, and lets it pass only if the policy's own reader finds in it what is rewarded
 * later: a well-formed chain, allowed tags only, at least `minSteps` steps, and the very answer it had.
 */
export function formatChain(
  candidate: Candidate,
  steps: readonly TaggedStep[],
  tags: readonly string[],
  minSteps: number,
): Formatted {
  const { task, example, i, answer } = candidate;
  const completion = taggedCompletion(steps, answer);
  const read = readResponse(completion, { task, tags });
  if (!read.formatOk || !read.chainOk) return { reason: "chain ill-formed" };
  if (!read.tagsAllowed) return { reason: "tag not allowed" };
  if (read.steps.length < minSteps) return { reason: "too few steps" };
  if (read.answer !== answer) return { reason: "answer changed" };
  return { task: task.name, query: example.id, i, completion, untagged: untaggedCompletion(steps, answer), answer };
}
