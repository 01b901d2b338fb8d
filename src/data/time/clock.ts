import { DateTime, IANAZone } from "luxon";

/** A time of day as written: `s` may have a fraction, `zone` says where, if it says. */
export interface Clock {
  readonly h: number;
  readonly mi: number;
  readonly s: number | null;
  /** Minutes ahead of UTC, the name of a zone, or null. */
  readonly zone: number | string | null;
}

/** RFC 2822's names, and a few that people write and that mean one thing. */
const ZONES: Readonly<Record<string, number>> = {
  ...{ Z: 0, UTC: 0, GMT: 0, EST: -300, EDT: -240, CST: -360, CDT: -300, MST: -420, MDT: -360, PST: -480, PDT: -420 },
  ...{ CET: 60, CEST: 120, EET: 120, EEST: 180, WET: 0, WEST: 60, MSK: 180, JST: 540, KST: 540 },
};

const TIME =
  /(?<=^|[T\s,:日号일])(上午|下午|午前|午後|오전|오후)?\s{0,4}(\d{1,2})(?::(\d{2})(?::(\d{2}(?:[.,]\d{1,9})?))?|[时時시点點]\s{0,4}(?:(\d{1,2})[分분])?(?:\s{0,4}(\d{1,2})[秒초])?)\s{0,4}([ap]\.?m\.?(?![a-z]))?/i;
/** `10am`, without minutes. */
const HOUR = /(?<=^|[T\s,])()(\d{1,2})()()()()\s{0,4}([ap]\.?m\.?(?![a-z]))/i;
const ZONE =
  /^\s{0,4}(?:\[?([A-Z][A-Za-z_]+(?:\/[A-Za-z_+-]+){1,2})\]?|((?:UTC|GMT)(?=\s{0,4}[+-]))?\s{0,4}([+-])(\d{1,2}):?(\d{2})?(?!\d)|([A-Z]{1,4})(?![A-Za-z]))/;

/** A text parted into its day and its time of day. Null where there is a time that no clock shows, or a zone that is not known. */
export function splitClock(text: string): { readonly day: string; readonly clock: Clock | null } | null {
  const found = TIME.exec(text) ?? HOUR.exec(text);
  if (found === null) return { day: text, clock: null };
  const [all, before = "", hours, minutes, seconds, cjkMinutes, cjkSeconds, after = ""] = found;
  const half = `${before}${after}`.toLowerCase();
  const h = hourOf(Number(hours), half === "" ? null : /^p|下午|午後|오후/.test(half));
  const mi = Number(minutes || cjkMinutes || 0);
  const second = seconds || cjkSeconds;
  const s = second ? Number(second.replace(",", ".")) : null;
  if (h === null || mi > 59 || (s !== null && s >= 61)) return null;
  const behind = text.slice(found.index + all.length);
  const zone = zoneOf(behind);
  if (zone === null) return null;
  const ahead = text.slice(0, found.index).replace(/[T,:]$/i, "");
  return { day: `${ahead} ${behind.slice(zone.length)}`, clock: { h, mi, s, zone: zone.zone } };
}

function hourOf(hours: number, afternoon: boolean | null): number | null {
  if (afternoon === null) return hours < 24 ? hours : null;
  return hours < 1 || hours > 12 ? null : (hours % 12) + (afternoon ? 12 : 0);
}

/** The zone that stands behind a time, and how many characters it takes; null where letters stand there that name none. */
function zoneOf(behind: string): { readonly zone: Clock["zone"]; readonly length: number } | null {
  const found = ZONE.exec(behind);
  if (found === null) return { zone: null, length: 0 };
  const [{ length }, place, , sign, hours, minutes = "0", letters] = found;
  if (place !== undefined) return IANAZone.isValidZone(place) ? { zone: place, length } : null;
  const offset = letters === undefined ? Number(hours) * 60 + Number(minutes) : ZONES[letters];
  if (offset === undefined || offset > 15 * 60) return null;
  // Java writes the zone's name behind its offset.
  const name = /^\s*\[[A-Z][A-Za-z_]+\/[A-Za-z_/+-]+\]/.exec(behind.slice(length))?.[0] ?? "";
  return { zone: sign === "-" ? -offset : offset, length: length + name.length };
}

const two = (n: number): string => String(n).padStart(2, "0");

/** `2018-05-26T20:00:00Z`: an instant in UTC where the clock has a zone, else as written; seconds where it has them. */
export function momentText(
  [year, month, day]: readonly [number, number, number],
  { h, mi, s, zone }: Clock,
): string | null {
  const whole = Math.min(59, Math.floor(s ?? 0));
  const fields = {
    year,
    month,
    day,
    hour: h,
    minute: mi,
    second: whole,
    millisecond: Math.round(((s ?? 0) % 1) * 1000) % 1000,
  };
  const zoned =
    zone === null
      ? "utc"
      : typeof zone === "string"
        ? zone
        : `UTC${zone < 0 ? "-" : "+"}${two(Math.floor(Math.abs(zone) / 60))}:${two(Math.abs(zone) % 60)}`;
  const moment = DateTime.fromObject(fields, { zone: zoned });
  if (!moment.isValid) return null;
  const { year: y, month: m, day: d, hour, minute, second, millisecond } = moment.toUTC();
  const fraction = millisecond === 0 ? "" : `.${String(millisecond).padStart(3, "0")}`;
  const seconds = s === null ? "" : `:${two(second)}${fraction}`;
  return `${String(y).padStart(4, "0")}-${two(m)}-${two(d)}T${two(hour)}:${two(minute)}${seconds}${zone === null ? "" : "Z"}`;
}
