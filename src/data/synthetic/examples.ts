import type { Example, QueryId } from "../types.ts";
import type { Shape } from "./shape.ts";
import { itemCount, observations, type UserKey, userId } from "./users.ts";
import type { World } from "./world-types.ts";

/** Which examples to draw. */
export interface ExampleOptions {
  /** Name of the split; users of different splits are different people. */
  readonly split: string;
  /** How many users (not examples). */
  readonly users: number;
  /** Queries asked of each user, all after the whole profile. */
  readonly queriesPerUser?: number;
  /** Users with fewer items than this are passed over. */
  readonly minItems?: number;
}

/** One user's examples: the same profile, `queries` questions, asked `later` items on. Nothing hidden is in them. */
export function userExamples(world: World, shape: Shape, key: UserKey, queries = 1, later = 0): Example[] {
  const { items, queries: asked } = observations(world, shape, key, queries, later);
  const user = userId(key);
  const profile = items.map((item, t) => ({
    id: `${user}-i${t}`,
    date: new Date(Date.UTC(2018, 0, 1 + t)).toISOString().slice(0, 10),
    fields: { [shape.textField]: item.text, [shape.labelField]: item.answer },
  }));
  return asked.map((query, j) => ({
    task: shape.task,
    id: `${shape.name}-${user}-${later === 0 ? "q" : `later${later}-q`}${j}` as QueryId,
    user,
    input: shape.input(query.text),
    profile,
    gold: query.answer,
  }));
}

/** Examples of a split, user by user and in order; a stream that holds one user at a time. */
export function* examples(world: World, shape: Shape, options: ExampleOptions): Generator<Example> {
  const { split, users, queriesPerUser = 1, minItems = world.minItems } = options;
  let found = 0;
  for (let index = 0; found < users; index++) {
    const key = { split, index };
    if (itemCount(world, key) < minItems) continue;
    found++;
    yield* userExamples(world, shape, key, queriesPerUser);
  }
}
