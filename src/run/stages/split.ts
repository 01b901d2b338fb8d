import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { groupBy } from "../../core/group.ts";
import { stream } from "../../core/random.ts";
import type { QueryId, UserId } from "../../data/types.ts";

/** What deciding a query's split needs of it: few bytes, so that a large train file is never held in memory. */
export interface Candidate {
  readonly id: QueryId;
  readonly user: UserId | null;
}

export type TrainPart = "chains" | "rl" | "prmu" | "dev";
export type TrainSplit = Readonly<Record<TrainPart, ReadonlySet<QueryId>>>;

/** The dev slice holds at most this share of train, however small train is. */
const MOST_DEV = 0.2;

export const devSize = (train: number, wanted: number): number => Math.min(wanted, Math.floor(train * MOST_DEV));

/**
 * Cuts a task's train queries: first a dev slice, for choosing, from users that nothing else is made of (what the slice
 * has no room for of theirs is left out); of the rest, PRMU's queries are nobody else's, and chains and RL share some
 * only where there are too few for both.
 */
export function splitTrain(
  candidates: readonly Candidate[],
  sizes: Config["data"],
  seed: number,
  task: string,
): TrainSplit {
  const { dev, users } = devSlice(candidates, devSize(candidates.length, sizes.dev), seed, task);
  const rest = candidates.filter((one) => !users.has(ownerOf(one))).map(({ id }) => id);
  if (rest.length === 0 && users.size === 1 && dev.size > 0)
    throw new TagprError("data", `${task}: all ${candidates.length} train queries are of one user`, {
      hint: "The model is chosen by users that it isn't trained on: give it two users at least.",
    });
  const wanted = { ...sizes, rl: sizes.rl_of[task] ?? sizes.rl };
  const split = divide(stream(seed, "data", task, "train").shuffle(rest), wanted);
  if (dev.size === 0 || split.rl.size === 0 || split.prmu.size === 0)
    throw new TagprError("data", `${task}: ${candidates.length} train queries are too few to cut up`, {
      hint: "A run needs some for chains and RL, some for the reward model and some to choose by: give it 20 at least.",
    });
  return { ...split, dev };
}

/** A query without a user is its own user. */
const ownerOf = ({ id, user }: Candidate): string => (user === null ? `query ${id}` : `user ${user}`);

/**
 * Users in a random order until there are `wanted` queries of theirs, and these queries. Who has more than the whole slice
 * comes last, and only where the others fill less than half of it and someone is left to train on: what the slice has no
 * room for is lost, half of a set in which one person writes most.
 */
function devSlice(candidates: readonly Candidate[], wanted: number, seed: number, task: string) {
  const byUser = groupBy(candidates, ownerOf);
  const dev = new Set<QueryId>();
  const users = new Set<string>();
  const take = (key: string): void => {
    users.add(key);
    for (const { id } of (byUser.get(key) ?? []).slice(0, wanted - dev.size)) dev.add(id);
  };
  const drawn = stream(seed, "data", task, "dev").shuffle([...byUser.keys()]);
  const fits = (key: string): boolean => (byUser.get(key)?.length ?? 0) <= wanted;
  for (const key of drawn.filter(fits)) if (dev.size < wanted) take(key);
  // One who doesn't fit fills it.
  const larger = drawn.filter((key) => !fits(key));
  const short = dev.size === 0 || (2 * dev.size < wanted && larger.length > 1);
  if (short && wanted > 0 && larger[0] !== undefined) take(larger[0]);
  return { dev, users };
}

/**
 * PRMU's from the front, RL's after them, chains from the back; what is too little is shared out in proportion. With
 * `prmu_from: rl` PRMU's are RL's, and where there is enough for all three those and chains are the same as without: what
 * two such runs differ in is the reward model alone.
 */
export function divide(
  shuffled: readonly QueryId[],
  sizes: Pick<Config["data"], "chains" | "rl" | "prmu" | "prmu_from">,
): Readonly<Record<"chains" | "rl" | "prmu", ReadonlySet<QueryId>>> {
  const n = shuffled.length;
  if (sizes.prmu_from === "rl") {
    const kept = n >= sizes.prmu + sizes.rl + sizes.chains ? shuffled.slice(sizes.prmu) : shuffled;
    const rl = new Set(kept.slice(0, sizes.rl));
    return { prmu: rl, rl, chains: new Set(kept.slice(-sizes.chains)) };
  }
  const enough = n >= sizes.prmu + Math.max(sizes.rl, sizes.chains);
  const prmu = enough ? sizes.prmu : Math.floor((n * sizes.prmu) / (sizes.prmu + Math.max(sizes.rl, sizes.chains)));
  const rest = shuffled.slice(prmu);
  return {
    prmu: new Set(shuffled.slice(0, prmu)),
    rl: new Set(rest.slice(0, sizes.rl)),
    chains: new Set(rest.slice(-sizes.chains)),
  };
}

/** A seeded sample of at most `count`, in the given order. */
export function sampleOf<T>(items: readonly T[], count: number, seed: number, ...name: string[]): T[] {
  if (items.length <= count) return [...items];
  const kept = new Set(
    stream(seed, "data", ...name)
      .shuffle(items.map((_, i) => i))
      .slice(0, count),
  );
  return items.filter((_, i) => kept.has(i));
}
