import { groupBy } from "../core/group.ts";
import type { Retriever } from "../retrieval/retrieve.ts";

/** The profile that is shown, where it is not the config's own. */
export interface Profile {
  readonly k?: number;
  readonly retriever?: Retriever;
  /** Asked about `generalisation.paths`, other data than was trained on. */
  readonly elsewhere?: true;
}

export const ELSEWHERE: Profile = { elsewhere: true };

/** What a kind shows is made of: one evaluation a seed. */
export interface Need {
  /** A variant by name; `own` is the suite's own config. */
  readonly variant: string;
  readonly profile: Profile;
  readonly methods: readonly string[];
  /** Those that also answer with another user's items. */
  readonly swap?: readonly string[];
  /** Those whose chains are asked about step by step (`eval.causal`). */
  readonly causal?: readonly string[];
}

/** One evaluation: its answers stand in a folder of their own. */
export interface Cell extends Required<Need> {
  readonly seed: number;
}

export const OWN = "own";

/** `own+seed-5+k-8+bm25`: a cell's folder below `cells`. */
export const cellId = ({
  variant,
  seed,
  profile: { k, retriever, elsewhere },
}: Pick<Cell, "variant" | "seed" | "profile">): string =>
  [
    variant,
    `seed-${seed}`,
    ...(k === undefined ? [] : [`k-${k}`]),
    ...(retriever === undefined ? [] : [retriever]),
    ...(elsewhere === undefined ? [] : ["elsewhere"]),
  ].join("+");

/** `own+seed-5`: the folder below `runs` of what the cell's answers were trained in. */
export const runId = ({ variant, seed }: Pick<Cell, "variant" | "seed">): string => `${variant}+seed-${seed}`;

/** The evaluations of all needs, those of one variant and profile as one, seed after seed. */
export function cellsOf(needs: readonly Need[], seeds: readonly number[]): Cell[] {
  const keyed = groupBy(needs, ({ variant, profile }) => cellId({ variant, profile, seed: 0 }));
  return seeds.flatMap((seed) =>
    [...keyed.values()].map((own): Cell => {
      const [first] = own as [Need, ...Need[]];
      return {
        ...{ seed, variant: first.variant, profile: first.profile },
        methods: [...new Set(own.flatMap(({ methods }) => methods))],
        swap: [...new Set(own.flatMap(({ swap = [] }) => swap))],
        causal: [...new Set(own.flatMap(({ causal = [] }) => causal))],
      };
    }),
  );
}

/** Where everything of a suite stands below its folder. */
export const FOLDERS = { runs: "runs", cells: "cells", weights: "weights", shelf: "shelf", shapes: "shapes" } as const;

/** Whether a suite asks about a task. */
export const isAsked = ({ tasks }: { readonly tasks: readonly string[] }, task: string): boolean =>
  tasks.length === 0 || tasks.includes(task);
