import { groupBy } from "../../src/core/group.ts";
import { mean } from "../../src/core/mean.ts";
import { stream } from "../../src/core/random.ts";
import { quantile } from "../../src/stats/resample.ts";

/** A score, or a difference, of one query in one run. */
export interface Asked {
  readonly set: string;
  readonly split: string;
  readonly seed: string;
  readonly user: string;
  readonly query: string;
  readonly value: number;
}

export interface Interval {
  /** Mean over queries, each the mean of its runs. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly queries: number;
}

const RESAMPLES = 2000;

/**
 * Mean with a 95% percentile bootstrap over sets, and within each over training seeds and, crossed with them, users and
 * their queries: who is asked answers to every seed, so seeds and users are drawn apart (Owen's pigeonhole bootstrap).
 * `fixed`: of these very sets, which are not drawn.
 */
export function intervalOf(asked: readonly Asked[], name: string, fixed = false): Interval {
  const random = stream("own-data", name);
  const draw = <T>(of: readonly T[]): T[] => of.map(() => of[random.int(of.length)] as T);
  const sets = [...groupBy(asked, ({ set }) => set).values()].map((set) => [
    ...groupBy(set, ({ split }) => split).values(),
  ]);
  const parts = new Map(sets.flat().map((part) => [part, partOf(part)]));
  const draws: number[] = [];
  while (draws.length < RESAMPLES) {
    const values = (fixed ? sets : draw(sets)).flatMap((splits) =>
      splits.flatMap((split) => {
        const { seeds, users } = parts.get(split) as Part;
        const drawn = draw(seeds);
        return draw(users).flatMap((queries) => draw(queries).flatMap((scores) => ofSeeds(scores, drawn)));
      }),
    );
    if (values.length > 0) draws.push(mean(values));
  }
  draws.sort((a, b) => a - b);
  const values = [...parts.values()].flatMap(({ seeds, users }) => users.flat().flatMap((one) => ofSeeds(one, seeds)));
  return { mean: mean(values), low: quantile(draws, 0.025), high: quantile(draws, 0.975), queries: values.length };
}

type BySeed = ReadonlyMap<string, number>;
interface Part {
  readonly seeds: readonly string[];
  /** By user, the scores of each query by seed. */
  readonly users: readonly (readonly BySeed[])[];
}

function partOf(part: readonly Asked[]): Part {
  const users = [...groupBy(part, ({ user }) => user).values()].map((own) =>
    [...groupBy(own, ({ query }) => query).values()].map(
      (one) => new Map(one.map(({ seed, value }) => [seed, value] as const)),
    ),
  );
  return { seeds: [...new Set(part.map(({ seed }) => seed))], users };
}

/** The mean over those of these seeds that asked the query; nothing where none did. */
function ofSeeds(scores: BySeed, seeds: readonly string[]): number[] {
  const values = seeds.flatMap((seed) => scores.get(seed) ?? []);
  return values.length === 0 ? [] : [mean(values)];
}
