import { holds, type Target } from "./target.ts";

/** In the place of what is to go. */
export const GONE: unique symbol = Symbol("gone");

/** Tables of a scorer, whose keys are users or queries. */
const TABLES: ReadonlySet<string> = new Set(["rows", "halves"]);

/**
 * A value of a file without what is the user's: an object that names them, one of their queries, or holds one of their texts goes
 * whole, out of the list or the file that it stands in; of lists of queries theirs go, of tables their keys.
 */
export function scrub(value: unknown, target: Target, name = ""): unknown {
  if (typeof value === "string") return isTheirs(value, target) ? GONE : value;
  if (Array.isArray(value)) return value.map((one) => scrub(one, target)).filter((one) => one !== GONE);
  if (value === null || typeof value !== "object") return value;
  if (namesThem(value as Record<string, unknown>, target)) return GONE;
  const kept: [string, unknown][] = [];
  for (const [key, child] of Object.entries(value)) {
    if (target.queries.has(key) || (TABLES.has(name) && target.owners.has(key))) continue;
    const left = scrub(child, target, key);
    if (left === GONE) return GONE;
    kept.push([key, left]);
  }
  return Object.fromEntries(kept);
}

/** Their query, or a chain of it: `task/id`, `task/id/3`. */
function isTheirs(text: string, target: Target): boolean {
  return target.queries.has(text) || target.queries.has(text.replace(/\/\d+$/, "")) || holds(target, text);
}

function namesThem({ user, user_id, task, query, id }: Record<string, unknown>, target: Target): boolean {
  if (user === target.user || user_id === target.user) return true;
  const asked = typeof query === "string" ? query : id;
  return typeof task === "string" && typeof asked === "string" && target.queries.has(`${task}/${asked}`);
}
