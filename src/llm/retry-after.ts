/** Longer than any limit that a service resets: such a number is a mistake, and back-off is used in its place. */
const DAY_MS = 86_400_000;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds that an endpoint asks to be left alone: `retry-after-ms`, or `retry-after` as seconds or as an HTTP date, which
 * is read beside the answer's own `date`, so that clocks that differ do no harm. Null where it says nothing, something past,
 * more than a day, or no number.
 */
export function retryAfter(headers: { get(name: string): string | null }, now: () => number): number | null {
  const ms = numberOf(headers.get("retry-after-ms"));
  const said = headers.get("retry-after")?.trim() ?? "";
  const seconds = numberOf(said);
  const wait = ms ?? (seconds === null ? untilDate(said, headers.get("date"), now) : 1000 * seconds);
  return wait !== null && wait > 0 && wait <= DAY_MS ? wait : null;
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : null;
}

function untilDate(said: string, date: string | null, now: () => number): number | null {
  if (!HTTP_DATE.test(said)) return null;
  const sent = date !== null && HTTP_DATE.test(date) ? Date.parse(date) : now();
  const wait = Date.parse(said) - sent;
  return Number.isFinite(wait) ? wait : null;
}

/** The `k`-th wait (from 0) where nothing is asked for: doubles from `first` to `most`, drawn from its upper half. */
export function backOff(k: number, first: number, most: number, random: () => number): number {
  return Math.min(first * 2 ** k, most) * (0.5 + random() / 2);
}
