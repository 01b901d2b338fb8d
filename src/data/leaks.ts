import { compareDates } from "./dates.ts";
import type { Task } from "./task.ts";
import type { Example, ProfileItem } from "./types.ts";

/** Something that lets an answer, or a person, be seen where it should not be. */
export interface Leak {
  readonly kind:
    | "shared users"
    | "shared query"
    | "gold in the input"
    | "query in its profile"
    | "gold in the profile"
    | "time";
  /** The data's design asks for it (or it happens by chance in honest data): told, but no fault. */
  readonly meant: boolean;
  readonly message: string;
  /** Queries, or users for `shared users` and `time` between splits. */
  readonly ids: readonly string[];
}

/** What comparing splits needs to keep of each. */
export interface SplitFacts {
  readonly split: string;
  /** Newest profile date by user, null where undated. */
  readonly users: ReadonlyMap<string, string | null>;
  /** Query id by fingerprint of user and input. */
  readonly queries: ReadonlyMap<string, string>;
}

const simple = (text: string): string => text.toLowerCase().replace(/\s+/g, " ").trim();

/** Abstracts quote their own titles now and then: up to this share of queries, a gold in the input is no fault. */
const HONEST_SHARE = 0.05;

/** A gold shorter than this many characters is found in honest inputs and profiles by chance. */
const TELLING = 12;

/**
 * Looks at queries one by one:
 * - the gold stands in the input (generation; only golds long enough to be no accident; a fault when it is common);
 * - an item of the profile has the very text that is asked about;
 * - an item's own answer equals the gold (generation): people do repeat titles, so this is told, not blamed;
 * - an item is later than the query, where the query has a date.
 */
export function leaksWithin(task: Task, split: string): { see(example: Example): void; found(): Leak[] } {
  const ids = { input: [] as string[], query: [] as string[], gold: [] as string[], time: [] as string[] };
  const labels = task.itemFields.filter((field) => field.label).map((field) => field.name);
  const texts = task.itemFields.filter((field) => !field.label).map((field) => field.name);
  let seen = 0;
  const see = (example: Example): void => {
    seen++;
    const input = simple(example.input);
    const gold = example.gold === null ? "" : simple(example.gold);
    const telling = task.kind === "generation" && gold.length >= TELLING;
    if (telling && input.includes(gold)) ids.input.push(example.id);
    if (example.profile.some((item) => asks(item, texts, input))) ids.query.push(example.id);
    if (telling && example.profile.some((item) => labels.some((name) => simple(item.fields[name] ?? "") === gold)))
      ids.gold.push(example.id);
    const { date } = example;
    if (
      date !== undefined &&
      example.profile.some((item) => item.date !== undefined && compareDates(item.date, date) > 0)
    )
      ids.time.push(example.id);
  };
  const found = (): Leak[] =>
    [
      {
        kind: "gold in the input" as const,
        meant: ids.input.length <= HONEST_SHARE * seen,
        message: `${split}: queries whose input holds the gold`,
        ids: ids.input,
      },
      {
        kind: "query in its profile" as const,
        meant: false,
        message: `${split}: queries that are themselves an item of their profile`,
        ids: ids.query,
      },
      {
        kind: "gold in the profile" as const,
        meant: true,
        message: `${split}: queries whose gold is also the answer of an earlier item`,
        ids: ids.gold,
      },
      {
        kind: "time" as const,
        meant: task.itemsMayBeLater === true,
        message: `${split}: queries with a profile item later than the query`,
        ids: ids.time,
      },
    ].filter((leak) => leak.ids.length > 0);
  return { see, found };
}

/** Whether a query asks for an item that stands in its profile. */
export function asksItself({ itemFields }: Task, { input, profile }: Pick<Example, "input" | "profile">): boolean {
  const texts = itemFields.filter((field) => !field.label).map((field) => field.name);
  return profile.some((item) => asks(item, texts, simple(input)));
}

/** Whether an item's longest text stands in the input. */
function asks(item: ProfileItem, texts: readonly string[], input: string): boolean {
  const longest = texts.map((name) => item.fields[name] ?? "").reduce((a, b) => (b.length > a.length ? b : a), "");
  if (longest.length < TELLING) return false;
  // Cheap first: most texts differ in their last words already.
  const end = simple(longest.slice(-40));
  return input.includes(end.slice(-20)) && holds(input, simple(longest));
}

/** Whether `part` stands in the text, and does not end within a word or a number (case 1 is not in case 12). */
function holds(text: string, part: string): boolean {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1))
    if (!/[\p{Script=Latin}\p{N}]{2}/u.test(`${part.at(-1) ?? ""}${text[at + part.length] ?? ""}`)) return true;
  return false;
}
