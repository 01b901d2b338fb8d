import { ABLATIONS } from "../../src/core/ablations.ts";
import type { Config } from "../../src/core/config/schema.ts";
import type { AblationName } from "../../src/core/stages.ts";
import type { Table } from "./hypotheses.ts";

/** A row of a table: whose answers it shows. */
export interface Row {
  readonly table: Table;
  readonly variant: string;
  readonly method: string;
}

/** One run a seed: the budget's config with some values put over it, as `--set` would, and the rows that it gives. */
export interface Variant {
  /** Its folder. */
  readonly run: string;
  readonly set: (budget: Config) => readonly string[];
  readonly rows: readonly Row[];
  /**
   * A rival that came after the table's first numbers: its row shows the seeds that have it, and the table doesn't wait
   * for it. `--only rivals` names them all.
   */
  readonly rival?: true;
}

const row = (table: Table, variant: string, method: string = "tagpr"): Row => ({ table, variant, method });

/** An ablation of `eval.methods` as a run of its own. */
const without = (run: AblationName, ...rows: readonly Row[]): Variant => ({ run, set: ABLATIONS[run], rows });

export const VARIANTS: readonly Variant[] = [
  {
    run: "tagpr",
    set: () => [],
    rows: [
      row("ablation", "base", "rag-r"),
      row("ablation", "w/o RL", "sft-r"),
      row("ablation", "TagPR"),
      row("reward model", "PRMU"),
    ],
  },
  without("no-sft", row("ablation", "w/o SFT")),
  without("no-tag", row("ablation", "w/o Tag")),
  without("no-reward", row("ablation", "w/o Reward"), row("reward model", "w/o RM")),
  without("single-stage", row("ablation", "single-stage")),
  without("untagged", row("ablation", "untagged")),
  without("untrained-rm", row("reward model", "untrained RM")),
  without("no-user-embeddings", row("reward model", "PRMU w/o UE")),
  {
    run: "gold-at-once",
    rival: true,
    set: ({ sft }) => [`gold.epochs=${sft.epochs}`],
    rows: [row("ablation", "gold, at once", "sft")],
  },
  {
    run: "rejection",
    rival: true,
    set: () => [],
    rows: [row("ablation", "rejection SFT", "sft-rejection")],
  },
  {
    run: "grounding",
    rival: true,
    set: ({ rewards }) => [`rewards.grounding=${2 * rewards.personalization}`],
    rows: [row("ablation", "with grounding")],
  },
  // Nothing is claimed of these: what an off-the-shelf reward model gives, and what any could.
  { run: "general-rm", rival: true, set: () => ["prmu.variant=general"], rows: [row("reward model", "general RM")] },
  {
    run: "oracle-rm",
    rival: true,
    set: () => ["prmu.variant=oracle-prompt"],
    rows: [row("reward model", "oracle RM")],
  },
];

const FACTORS = [
  ["half", 0.5],
  ["twice", 2],
] as const;
const WEIGHTS = ["format", "repetition", "tag", "personalization"] as const;
const CHAINS = [100, 300, 600] as const;

/** Of `--full`, on its first seeds. The verifiable weight is the scale of the others. */
export const SENSITIVITY: readonly Variant[] = [
  ...WEIGHTS.flatMap((weight) =>
    FACTORS.map(
      ([name, factor]): Variant => ({
        run: `${weight}-${name}`,
        set: ({ rewards }) => [`rewards.${weight}=${factor * rewards[weight]}`],
        rows: [row("sensitivity", `${weight} ×${factor}`)],
      }),
    ),
  ),
  {
    run: "prp-swap",
    set: () => ["prmu.prp_against=other_profile"],
    rows: [row("pairs", "PRP-swap")],
  },
  ...CHAINS.map(
    (chains): Variant => ({
      run: `chains-${chains}`,
      set: () => [`sft.max_chains=${chains}`],
      rows: [row("sensitivity", `${chains} chains`)],
    }),
  ),
];

/** The budget's own rows beside those. */
export const SENSITIVITY_BASE: readonly Row[] = [row("sensitivity", "TagPR"), row("pairs", "TagPR")];
