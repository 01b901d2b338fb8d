import { DateTime } from "luxon";

/** What a number that is a time counts, or how its digits are a day. */
const UNITS: Readonly<Record<string, (text: string) => string | null>> = {
  seconds: (text) => instant(text, 1e8, 4.2e9, 1000),
  milliseconds: (text) => instant(text, 1e11, 4.2e12, 1),
  microseconds: (text) => instant(text, 1e14, 4.2e15, 1e-3),
  nanoseconds: (text) => instant(text, 1e17, 4.2e18, 1e-6),
  // Days since 1899-12-30, from 1954 to 2119.
  excel: (text) => excel(Number(text)),
  yyyyMMdd: (text) => digits(text, "yyyyMMdd", "yyyy-MM-dd"),
  ddMMyyyy: (text) => digits(text, "ddMMyyyy", "yyyy-MM-dd"),
  MMddyyyy: (text) => digits(text, "MMddyyyy", "yyyy-MM-dd"),
  yyyyMMddHHmmss: (text) => digits(text, "yyyyMMddHHmmss", "yyyy-MM-dd'T'HH:mm:ss"),
  yyyyMMddHHmm: (text) => digits(text, "yyyyMMddHHmm", "yyyy-MM-dd'T'HH:mm"),
  yyyyMM: (text) => digits(text, "yyyyMM", "yyyy-MM"),
  yyyy: (text) => (/^[12]\d{3}$/.test(text) ? text : null),
};

/** Names of the units, which a task file may give as `record.dateFormat`. */
export const NUMBER_UNITS: readonly string[] = Object.keys(UNITS);

/** A number's digits as pandas or JSON may have written them: `1.5e+09`, `1509098518.0`. */
const NUMBER = /^\d+(?:\.\d+)?(?:e\+?\d+)?$/i;

export const isNumber = (text: string): boolean => NUMBER.test(text);

/** The time that a number is by a unit, as {@link momentText} writes it; null where it is none. */
export function readNumber(text: string, unit: string): string | null {
  if (!NUMBER.test(text) || !Object.hasOwn(UNITS, unit)) return null;
  const whole = text.replace(/\.0+$/, "");
  return UNITS[unit]?.(whole) ?? null;
}

/** The units by which a number is a time between 1954 and 2119. */
export const unitsOf = (text: string): string[] => NUMBER_UNITS.filter((unit) => readNumber(text, unit) !== null);

function instant(text: string, least: number, most: number, millis: number): string | null {
  const value = Number(text);
  if (value < least || value > most) return null;
  // A number has no more than 16 digits: a microsecond is as fine as it goes, and a millisecond as we write.
  const iso = new Date(Math.floor(value * millis + 1e-6)).toISOString();
  return iso.replace(".000Z", "Z");
}

function excel(value: number): string | null {
  if (value < 20_000 || value > 80_000) return null;
  const iso = new Date(Math.round((value - 25_569) * 86_400) * 1000).toISOString();
  return Number.isInteger(value) ? iso.slice(0, 10) : iso.replace(".000Z", "");
}

function digits(text: string, pattern: string, written: string): string | null {
  if (text.length !== pattern.length || !/^\d+$/.test(text)) return null;
  const moment = DateTime.fromFormat(text, pattern, { zone: "utc" });
  if (!moment.isValid || moment.year < 1900 || moment.year > 2100) return null;
  return moment.toFormat(written);
}
