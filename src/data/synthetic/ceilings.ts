import { TagprError } from "../../core/errors.ts";
import type { Example, ProfileItem, ShownExample } from "../types.ts";
import { bestDecision } from "./decision.ts";
import { type Evidence, outcomePosterior, outcomesOf } from "./posterior.ts";
import { queryText, readItem } from "./read.ts";
import { type Content, entry, type Shape } from "./shape.ts";
import { hiddenUser, itemCount, userKey } from "./users.ts";
import type { World } from "./world-types.ts";

/** Bayes-optimal expected scores, in the shape's metric (accuracy or ROUGE-1 F: higher is better; MAE: lower). */
export interface Ceilings {
  /** Who sees the query and knows the population. */
  readonly query_only: number;
  /** Who sees, besides, exactly the items that the prompt shows. */
  readonly shown_items: number;
  /** Who knows the user's private state; only noise is left. */
  readonly oracle: number;
  readonly n: number;
}

/** The shown items as evidence, with their ages read off their places in the whole profile. */
export function evidenceOf(shape: Shape, example: Example, shown: readonly ProfileItem[]): Evidence[] {
  const places = new Map(example.profile.map((item, t) => [item.id, t]));
  // An item that is shown twice is seen once.
  const once = shown.filter((item, i) => shown.findIndex(({ id }) => id === item.id) === i);
  return once.flatMap((item) => {
    const read = readItem(shape, item.fields[shape.textField] ?? "", item.fields[shape.labelField] ?? "");
    const place = places.get(item.id);
    // An item of someone else's profile (profile swap) is taken as if it stood at its place among the shown.
    const age = place === undefined ? shown.length - shown.indexOf(item) : example.profile.length - place;
    return read.content === null || read.outcome === null
      ? []
      : [{ content: read.content, outcome: read.outcome, age }];
  });
}

/** Content of the example's query, or a data error. */
export function queryContent(shape: Shape, example: Example): Content {
  const content = shape.read(queryText(shape, example.input));
  if (content) return content;
  throw new TagprError("data", `example ${example.id}: its input speaks of nothing the synthetic world knows`);
}

/** The Bayes-optimal answer for what is shown, and its expected score. */
export function bayesAnswer(
  world: World,
  shape: Shape,
  example: Example,
  shown: readonly ProfileItem[],
): { readonly answer: string; readonly expected: number } {
  const content = queryContent(shape, example);
  return bestDecision(shape, content, outcomePosterior(world, shape, evidenceOf(shape, example, shown), content));
}

/** The private state that a query asks for, as it is when it is asked: after `historyItems` items. */
export function stateNow(
  world: World,
  shape: Shape,
  { id, user, historyItems }: Pick<ShownExample, "id" | "user" | "historyItems">,
  content: Content,
): number {
  if (user === null) throw new TagprError("internal", `example ${id} has no user`);
  const key = userKey(user);
  // Asked at a later time: the profile has more items than the world gave the user at first.
  const later = Math.max(0, historyItems - itemCount(world, key));
  const hidden = hiddenUser(world, shape, key, later);
  return entry(entry(hidden.states, hidden.items), shape.keyOf(content));
}

function oracleScore(world: World, shape: Shape, example: Example, content: Content): number {
  const state = stateNow(world, shape, { ...example, historyItems: example.profile.length }, content);
  const known = Array.from({ length: shape.states }, (_, s) => (s === state ? 1 : 0));
  return bestDecision(shape, content, outcomesOf(world, shape, known, content)).expected;
}

/** An example with the items that its prompt shows. */
export interface Case {
  readonly example: Example;
  readonly shown: readonly ProfileItem[];
}

/** The three ceilings over `cases`. */
export function ceilings(world: World, shape: Shape, cases: Iterable<Case>): Ceilings {
  const sums = { query_only: 0, shown_items: 0, oracle: 0 };
  let n = 0;
  for (const { example, shown } of cases) {
    sums.query_only += bayesAnswer(world, shape, example, []).expected;
    sums.shown_items += bayesAnswer(world, shape, example, shown).expected;
    sums.oracle += oracleScore(world, shape, example, queryContent(shape, example));
    n++;
  }
  if (n === 0) throw new TagprError("internal", "ceilings of no examples");
  return { query_only: sums.query_only / n, shown_items: sums.shown_items / n, oracle: sums.oracle / n, n };
}
