import type { Config } from "../../core/config/schema.ts";
import { type Case, type Ceilings, ceilings } from "../../data/synthetic/ceilings.ts";
import { examples, userExamples } from "../../data/synthetic/examples.ts";
import type { Shape } from "../../data/synthetic/shape.ts";
import { userKey } from "../../data/synthetic/users.ts";
import type { World } from "../../data/synthetic/world-types.ts";
import type { Example } from "../../data/types.ts";
import { sampleOf } from "./split.ts";

/** Kinds of user that the evaluation of the synthetic world reports apart (`data.strata`). */
export const STRATA = ["seen", "unseen", "cold"] as const;
export type Stratum = (typeof STRATA)[number];

/** `data/strata.json`: whose queries are which (`task/id`), and what is possible there, by task. */
export type StrataFile = Readonly<
  Record<Stratum, { readonly queries: readonly string[]; readonly ceilings: Readonly<Record<string, Ceilings>> }>
>;

export const hasStrata = ({ strata }: Config["data"]): boolean => STRATA.some((name) => strata[name] > 0);

/** Items that a seen user has written since training: half of the usual eight that are shown. */
const LATER = 4;
/** Items of a user of the headline stratum at least. */
export const WHOLE = 8;

/** The population with short histories: the same types, tables, habits and rates. */
const coldWorld = (world: World): World => ({ ...world, minItems: 1, maxItems: 2 });

/** Evaluation queries of all strata, one after the other; `rl` are the queries that the policy is trained on. */
export function strataExamples(world: World, shape: Shape, config: Config, rl: readonly Example[]): Example[] {
  const { seed, data } = config;
  const { seen, unseen, cold } = data.strata;
  const fresh = (of: World, split: string, wanted: number, minItems: number): Example[] => {
    const users = Math.min(wanted, data.users.test);
    if (users === 0) return [];
    return [...examples(of, shape, { split, users, queriesPerUser: Math.ceil(wanted / users), minItems })];
  };
  const sample = (all: readonly Example[], wanted: number, name: Stratum): Example[] =>
    sampleOf(all, wanted, seed, shape.task, "strata", name);
  return [
    ...sample(laterExamples(world, shape, rl, seen), seen, "seen"),
    ...sample(fresh(world, "test", unseen, WHOLE), unseen, "unseen"),
    ...sample(fresh(coldWorld(world), "cold", cold, 1), cold, "cold"),
  ];
}

/** `wanted` queries at least, as many of each user of the RL queries, asked some items later. */
function laterExamples(world: World, shape: Shape, rl: readonly Example[], wanted: number): Example[] {
  const users = [...new Set(rl.flatMap(({ user }) => user ?? []))];
  const each = Math.ceil(wanted / users.length);
  return users.flatMap((user) => userExamples(world, shape, userKey(user), each, LATER));
}

/** The stratum of an example of {@link strataExamples}, told by its user's split. */
function stratumOf({ user }: Example): Stratum {
  const split = user === null ? "test" : userKey(user).split;
  return split === "train" ? "seen" : split === "cold" ? "cold" : "unseen";
}

/** `ceilings.json`, by task on the very test queries and items that the methods see, and where there are strata `strata.json`. */
export function ceilingFiles(
  world: World,
  shapes: readonly Shape[],
  test: readonly Case[],
  { data }: Pick<Config, "data">,
): Record<string, unknown> {
  if (!hasStrata(data)) return { "ceilings.json": byTask(world, shapes, test) };
  const strata = STRATA.map((name) => {
    const own = test.filter(({ example }) => stratumOf(example) === name);
    const queries = own.map(({ example }) => `${example.task}/${example.id}`);
    return { name, queries, ceilings: byTask(name === "cold" ? coldWorld(world) : world, shapes, own) };
  });
  return {
    "ceilings.json": Object.fromEntries(
      shapes.map(({ task }) => [task, pooled(strata.flatMap(({ ceilings: own }) => own[task] ?? []))]),
    ),
    "strata.json": Object.fromEntries(strata.map(({ name, ...file }) => [name, file])),
  };
}

function byTask(world: World, shapes: readonly Shape[], test: readonly Case[]): Record<string, Ceilings> {
  return Object.fromEntries(
    shapes.flatMap((shape) => {
      const own = test.filter(({ example }) => example.task === shape.task);
      return own.length === 0 ? [] : [[shape.task, ceilings(world, shape, own)] as const];
    }),
  );
}

/** The ceilings of all queries together. */
function pooled(parts: readonly Ceilings[]): Ceilings {
  const n = parts.reduce((sum, part) => sum + part.n, 0);
  const mean = (pick: (part: Ceilings) => number): number =>
    parts.reduce((sum, part) => sum + (part.n * pick(part)) / n, 0);
  return {
    query_only: mean((part) => part.query_only),
    shown_items: mean((part) => part.shown_items),
    oracle: mean((part) => part.oracle),
    n,
  };
}
