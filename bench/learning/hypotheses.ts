/** Written down before the first run (docs/learning.md); the direction is the paper's unless it is ours. */
export interface Hypothesis {
  readonly table: Table;
  /** The variant said to be better, and the one that it is compared with. */
  readonly a: string;
  readonly b: string;
  readonly required: boolean;
}

export const TABLES = ["ablation", "reward model", "sensitivity", "pairs"] as const;
export type Table = (typeof TABLES)[number];

const better = (table: Table, a: string, than: readonly string[], required = false): Hypothesis[] =>
  than.map((b) => ({ table, a, b, required }));

export const HYPOTHESES: readonly Hypothesis[] = [
  ...better("ablation", "TagPR", ["base", "w/o RL"], true),
  ...better("ablation", "TagPR", ["w/o SFT", "w/o Tag", "w/o Reward", "single-stage", "untagged"]),
  ...better("reward model", "PRMU", ["w/o RM", "untrained RM", "PRMU w/o UE"]),
  ...better("reward model", "PRMU w/o UE", ["w/o RM", "untrained RM"]),
];

/** Added on 2026-11-27, before its first run; ours, on the sensitivity table's seeds: PRP against no profile, or another's. */
export const ADDED: readonly Hypothesis[] = better("pairs", "TagPR", ["PRP-swap"]);

/** Added on 2026-11-29, before their first run; ours: rivals with TagPR's labels. They bear no verdict on fewer than six seeds. */
export const RIVALS: readonly Hypothesis[] = better("ablation", "TagPR", ["gold, at once", "rejection SFT"]);

/** What --full asks besides: is the budget's own choice better than the other? Nobody claims so. */
export const sensitivityPairs = (variants: readonly string[]): Hypothesis[] => better("sensitivity", "TagPR", variants);
