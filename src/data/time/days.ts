import { DateTime } from "luxon";

/** A year, a month of one, or a day of one. */
export type Day = readonly [year: number, month?: number, day?: number];

/** Ways to write a day that mean one day, whoever writes them, after {@link plainDay}. */
const PLAIN = [
  ...[
    "yyyy-M-d",
    "yyyy/M/d",
    "yyyy.M.d",
    "yyyy年M月d日",
    "yyyy년M월d일",
    "yyyy-M",
    "yyyy/M",
    "yyyy年M月",
    "yyyy년M월",
    "yyyy年",
    "yyyy",
  ],
  ...["yyyy-MMM-d", "yyyy MMM d", "yyyy MMMM d"],
  ...["d MMM yyyy", "d MMMM yyyy", "MMM d yyyy", "MMMM d yyyy", "MMM yyyy", "MMMM yyyy"],
  ...["d-MMM-yyyy", "d/MMM/yyyy", "d-MMM-yy", "d MMM yy", "MMM d yy", "MMM-yyyy", "M d, yyyy"],
] as const;

/** Languages whose names of months are tried. */
const LOCALES = ["en", "de", "fr", "es", "it", "pt", "nl", "ru", "pl", "sv", "tr"] as const;

/** Ways that only the rest of a column, or a person, can tell from each other. */
export function doubtful(day: string): readonly string[] {
  const found = /^(\d{1,4})([-/. ])(\d{1,2})\2(\d{2}|\d{4})$/.exec(day);
  if (found === null) return [];
  const [, first = "", between = "", , last = ""] = found;
  if (first.length > 2) return [];
  const year = last.length === 4 ? "yyyy" : "yy";
  const orders = [["d", "M", year], ["M", "d", year], ...(year === "yy" ? [["yy", "M", "d"]] : [])];
  return orders.map((order) => order.join(between));
}

const WEEKDAY =
  /(?:^|[\s,(])(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?(?=[\s,)]|$)|(?:星期|周|週|礼拜)[一二三四五六日天]|[(（][日月火水木金土일월화수목금토][)）]/gi;

/** A day's text without what it does not need: weekdays, `th`, `de`, full stops behind words, white space in Chinese dates. */
export function plainDay(text: string): string {
  const day = text
    .replace(/\((?![日月火水木金土])[^()]*\)/g, " ")
    .replace(/^(?:reviewed|posted|written|published|updated)\b.*\bon\s+/i, "")
    .replace(WEEKDAY, " ")
    .replace(/(\d)\.(?=\s)/g, "$1")
    .replace(/\s(?:de|del)(?=\s)|\s(?:at|um|à)(?=\s*$)/gi, " ")
    .replace(/(\d)(?:st|nd|rd|th)\b/gi, "$1")
    .replace(/(\p{L})\./gu, "$1")
    .replace(/\bsept\b/gi, "Sep")
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/^[,T] ?| ?[,T]$/g, "");
  if (/[年月日년월일]/.test(day)) return day.replace(/\s+/gu, "");
  // Amazon's `06 29, 2018` alone keeps its comma, by which it is known.
  return /^\d{1,2} \d{1,2}, ?\d{4}$/.test(day) ? day.replace(/, ?/, ", ") : day.replace(/ ?, ?/g, " ");
}

/** The one reading of a day's text, and the format that found it; null where there is none, or more than one. */
export function readPlain(day: string, first?: DayFormat): { readonly day: Day; readonly format: DayFormat } | null {
  const iso = isoDay(day);
  if (iso !== null) return { day: iso, format: { pattern: "yyyy-M-d" } };
  if (first !== undefined) {
    const own = readDay(day, first);
    if (own !== null) return { day: own, format: first };
  }
  for (const format of fitting(day)) {
    const found = readDay(day, format);
    if (found !== null) return { day: found, format };
  }
  return null;
}

/** Formats that a text of this shape (its digits aside) can have: texts of one shape come by the million, and most are no days. */
const FITTING = new Map<string, readonly DayFormat[]>();
const SHAPES = 10_000;

function fitting(day: string): readonly DayFormat[] {
  const shape = day.replace(/\d/g, "0");
  const known = FITTING.get(shape);
  if (known !== undefined) return known;
  const letters = /\p{L}/u.test(day) && !/[年월년月일日]/u.test(day);
  const formats = PLAIN.filter((pattern) => pattern.includes("MMM") === letters)
    .flatMap((pattern) => (letters ? LOCALES : (["en"] as const)).map((locale) => ({ pattern, locale })))
    .filter((format) => fits(day, format));
  if (FITTING.size < SHAPES) FITTING.set(shape, formats);
  return formats;
}

/** Whether luxon's pattern matches, be the day one of the calendar or not. */
const fits = (day: string, { pattern, locale }: DayFormat): boolean =>
  DateTime.fromFormat(day, pattern, { locale: locale ?? "en", zone: "utc" }).invalidReason !== "unparsable";

const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Most days are written so, and tables have millions of them: many times faster than by a format. */
function isoDay(text: string): Day | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8))];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = month === 2 && !leap ? 28 : (LENGTHS[month - 1] ?? 0);
  return year >= 1000 && year <= 2999 && day >= 1 && day <= length ? [year, month, day] : null;
}

export interface DayFormat {
  readonly pattern: string;
  readonly locale?: string;
}

/** A day by a format of luxon's; null where it doesn't fit, or is no day of the calendar. */
export function readDay(day: string, { pattern, locale = "en" }: DayFormat): Day | null {
  const moment = DateTime.fromFormat(day, pattern, { locale, zone: "utc" });
  if (!moment.isValid || moment.year < 1000 || moment.year > 2999) return null;
  if (!pattern.includes("M")) return [moment.year];
  return /d/.test(pattern) ? [moment.year, moment.month, moment.day] : [moment.year, moment.month];
}
