import type { Response } from "../prompts/response.ts";

/**
 * Format reward (paper eq. 7), 0 or 1: exactly one non-empty `<think>…</think>` opens the response and a readable
 * answer follows. Truncated, unreadable and hedged answers (markup in them) fail here too (ours).
 */
export function formatReward(reading: Response): number {
  return reading.formatOk && reading.answerOk ? 1 : 0;
}
