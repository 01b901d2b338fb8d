/**
 * A claim of the bench, written down before its first run (docs/learning.md); the direction is the paper's unless it is
 * ours. Claims of one family are corrected together.
 */
export interface Hypothesis {
  readonly table: Table;
  /** The variant said to be better, and the one that it is compared with. */
  readonly a: string;
  readonly b: string;
  readonly required: boolean;
  /** Null: the same two runs are a hypothesis elsewhere, which is where its verdict counts. */
  readonly family: Family | null;
}

export const TABLES = ["ablation", "reward model", "sensitivity", "pairs"] as const;
export type Table = (typeof TABLES)[number];

/** Whether learning to reason pays at all; the paper's Table 1; its Table 3; the others are ours. */
export type Family = "primary" | "Table 1" | "Table 3" | "truth" | "sensitivity" | "pairs";

const better = (table: Table, family: Family | null, a: string, than: readonly string[], required = false) =>
  than.map((b): Hypothesis => ({ table, family, a, b, required }));

export const HYPOTHESES: readonly Hypothesis[] = [
  ...better("ablation", "primary", "TagPR", ["base", "w/o RL"], true),
  ...better("ablation", "Table 1", "TagPR", ["w/o SFT", "w/o Tag", "w/o Reward", "single-stage", "untagged"]),
  // The very runs of TagPR and w/o Reward: one claim, counted in Table 1.
  ...better("reward model", null, "PRMU", ["w/o RM"]),
  ...better("reward model", "Table 3", "PRMU", ["untrained RM", "PRMU w/o UE"]),
  ...better("reward model", "Table 3", "PRMU w/o UE", ["w/o RM", "untrained RM"]),
];

/** Added on 2026-11-27, before its first run; ours, on the sensitivity table's seeds: PRP against no profile, or another's. */
export const ADDED: readonly Hypothesis[] = better("pairs", "pairs", "TagPR", ["PRP-swap"]);

/** Added on 2026-11-29, before their first run; ours: rivals with TagPR's labels, and truth as a signal. */
export const RIVALS: readonly Hypothesis[] = [
  ...better("ablation", "primary", "TagPR", ["gold, at once", "rejection SFT"]),
  ...better("ablation", "truth", "TagPR", ["with grounding"]),
];

/** What --full asks besides: is the budget's own choice better than the other? Nobody claims so. */
export const sensitivityPairs = (variants: readonly string[]): Hypothesis[] =>
  better("sensitivity", "sensitivity", "TagPR", variants);
