/**
 * What is wrong with a number as an id, null where nothing is: JSON's reader rounds whole numbers beyond 2^53 (64-bit
 * ids of social networks, say), so that two users could become one.
 */
export function lostDigits(value: unknown): string | null {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return null;
  return "a number beyond 2^53, whose last digits are lost in reading JSON: write such ids as text, in quotes";
}
