import type { Interval } from "../stats/resample.ts";

/** `0.713`, with a real minus sign; null and NaN print a dash. */
export function num(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = value.toFixed(digits);
  // What is 0 as shown has no sign.
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** `+0.052` */
export function signed(value: number, digits = 3): string {
  const text = num(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** An interval in words; of a single user there is none. */
export function between({ low, high }: Interval, show: (value: number) => string = num): string {
  return low === null || high === null ? "none (one user)" : `${show(low)} to ${show(high)}`;
}

/** A share as `71.3%`. */
export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined || !Number.isFinite(share) ? "–" : `${num(share * 100, digits)}%`;
}

/** Whole numbers as `12,345`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `12 min 05 s`, `48 s`, `2 h 03 min`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const pad = (n: number) => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)} min ${pad(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${pad(Math.floor((s % 3600) / 60))} min`;
}
