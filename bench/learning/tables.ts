import { align } from "../../src/cli/table.ts";
import { shareOfPossible } from "../../src/eval/result-rows.ts";
import type { CeilingRow } from "../../src/eval/result-types.ts";
import type { Probe } from "../../src/policy/validate.ts";
import type { HeldOutReport, PairAccuracy } from "../../src/prmu/held-out.ts";
import type { STRATA, Stratum } from "../../src/run/stages/strata.ts";
import type { Finding } from "./bench.ts";
import { TABLES, type Table } from "./hypotheses.ts";
import { type Comparison, LEAST_SEEDS, MARGIN, type ScoreRow } from "./verdicts.ts";

const NAMES: Readonly<Record<Stratum, string>> = {
  unseen: "unseen users, 8 items or more (headline)",
  seen: "seen users, some items later",
  cold: "unseen users, one or two items",
};
const ORDER = ["unseen", "seen", "cold"] as const satisfies readonly (typeof STRATA)[number][];

/** Everything that a person reads at the end. */
export function tables(finding: Finding): string {
  const parts = ORDER.flatMap((stratum) => TABLES.map((table) => oneTable(finding, table, stratum)));
  return [
    ...notes(finding),
    ...parts.filter((part) => part !== ""),
    aim(finding),
    probes(finding),
    rewardModels(finding),
  ].join("\n");
}

function notes({ set, rows, revisions, asMade, mixed }: Finding): string[] {
  const seeds = Math.max(0, ...rows.map((row) => row.seeds));
  return [
    "Synthetic world, greedy answers; 95% intervals of the hierarchical bootstrap over seeds, users, queries.",
    `The seed is the unit of every verdict: paired t over seeds (p, Holm-corrected over its family on the headline), sign flips beside it; equivalent: TOST within ± ${MARGIN}.`,
    "Detectable: the true difference that 80% of such benches would find, corrected for the family. No claim: outside the headline, or the same runs are a claim elsewhere.",
    ...(set.length > 0 ? [`For trying out, no claim: ${set.join(", ")} was put over the budget.`] : []),
    ...(asMade
      ? [
          "Told from kept answers as they were made: with the settings of the revisions named here, which today's program may not have.",
        ]
      : []),
    ...(revisions.length > 1 || asMade
      ? [
          `Made by ${revisions.length} revision${revisions.length === 1 ? "" : "s"} of TagPR: ${revisions.map(shortened).join(", ")}.`,
        ]
      : []),
    ...mixed.map(
      ({ table, seeds: of }) =>
        `In the table ${table} the runs of seed${of.length === 1 ? "" : "s"} ${of.join(", ")} are not all of one revision: a difference there may be the program's.`,
    ),
    ...(rows.some((row) => row.seeds < LEAST_SEEDS)
      ? [`No verdict on fewer than ${LEAST_SEEDS} seeds: there everything is undecided.`]
      : []),
    ...(seeds === 1 ? ["One seed: the intervals know nothing of how seeds differ."] : []),
    "",
  ];
}

/** With the `+` of a checkout whose files were changed. */
const shortened = (revision: string | null): string =>
  revision === null ? "none" : `${revision.slice(0, 7)}${revision.endsWith("+") ? "+" : ""}`;

function oneTable({ rows, paired, ceilingsBy, notRun }: Finding, table: Table, stratum: Stratum): string {
  const own = rows.filter((row) => row.table === table && row.stratum === stratum);
  if (own.length === 0) return "";
  const possible = ceilingsBy[table]?.[stratum];
  const pairs = paired.filter((one) => one.table === table && one.stratum === stratum);
  return [
    `${table}: ${NAMES[stratum]}`,
    ...align([
      ["", "score", "95% interval", "n", "seeds", "of what is possible", "deciding true"],
      ...own.map((row) => scoreLine(row, possible)),
      ...notRun
        .filter((one) => one.table === table)
        .map(({ variant, run }) => [variant, `not run (--only ${run})`, "", "0", "0", "", ""]),
      ...ceilingLines(possible),
    ]),
    "",
    ...align([
      ["a − b", "difference", "95% interval", "seeds + = −", "p", "signs", "detectable", "a > b is"],
      ...pairs.map(pairLine),
    ]),
    "",
  ].join("\n");
}

const num = (value: number): string => value.toFixed(3);
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${num(Math.abs(value))}`;
const percent = (value: number): string => `${(100 * value).toFixed(0)}%`;

function scoreLine(
  { variant, score, low, high, n, seeds, deciding_true }: ScoreRow,
  possible: CeilingRow | undefined,
): string[] {
  const share = possible === undefined ? "" : percent(shareOfPossible(score, possible));
  return [
    variant,
    num(score),
    `${num(low)} … ${num(high)}`,
    `${n}`,
    `${seeds}`,
    share,
    deciding_true === null ? "–" : percent(deciding_true),
  ];
}

function ceilingLines(possible: CeilingRow | undefined): string[][] {
  if (possible === undefined) return [];
  return [
    ["ceiling: query only", num(possible.query_only), "", "", "", "0%", ""],
    ["ceiling: shown items", num(possible.shown_items), "", "", "", "100%", ""],
    ["ceiling: oracle", num(possible.oracle), "", "", "", "", ""],
  ];
}

const pairLine = ({ a, b, difference, low, high, p, verdict, required, test, detectable }: Comparison): string[] => [
  `${a} − ${b}${required ? " (required)" : ""}`,
  signed(difference),
  `${signed(low)} … ${signed(high)}`,
  test.signs.join(" "),
  num(p),
  test.pFlip === null ? "" : num(test.pFlip),
  detectable === null ? "–" : num(detectable),
  verdict ?? "no claim",
];

/** DESIGN's aim, in the headline stratum. */
const AIM = 0.8;

function aim({ rows, ceilings }: Finding): string {
  const row = rows.find(({ variant, stratum }) => variant === "TagPR" && stratum === "unseen");
  const possible = ceilings.unseen;
  if (row === undefined || possible === undefined) return "";
  const share = shareOfPossible(row.score, possible);
  return `Aim: TagPR reaches ${percent(share)} of the possible personalization of unseen users; ${percent(AIM)} are wanted: ${share >= AIM ? "reached" : "missed"}.\n`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** What there was to select before guided RL, by run: means over the seeds. */
function probes(finding: Finding): string {
  const runs = [...new Set(finding.probes.map(({ run }) => run))];
  const line = (run: string): string[] => {
    const own = finding.probes.filter((one) => one.run === run).map(({ probe }) => probe);
    const of = (pick: (probe: Probe) => number): string => percent(mean(own.map(pick)));
    const idle = own.filter(({ withVerifiableSpread }) => withVerifiableSpread === 0).length;
    return [
      run,
      of((p) => p.pass1),
      of((p) => p.passK),
      of((p) => p.tagValid),
      of((p) => p.withSpread),
      of((p) => p.withVerifiableSpread),
      idle === 0 ? "" : `left out on ${idle} of ${own.length} seeds: nothing to select`,
    ];
  };
  const head = [
    "before guided RL",
    "pass@1",
    `pass@${finding.rollouts}`,
    "valid tags",
    "groups with spread",
    "of answers",
    "RL",
  ];
  return [...align([head, ...runs.map(line)]), ""].join("\n");
}

/** Held-out pairs, all seeds' accuracies averaged, and how many pairs there were on all of them; a model is accepted where it is so on every seed. */
function rewardModels(finding: Finding): string {
  const runs = [...new Set(finding.rewardModels.map(({ run }) => run))];
  const line = (run: string): string[] => {
    const own = finding.rewardModels.filter((one) => one.run === run);
    const of = (pick: (report: HeldOutReport) => PairAccuracy): string => {
      const known = own.flatMap(({ report }) => pick(report).accuracy ?? []);
      const pairs = own.reduce((sum, { report }) => sum + pick(report).pairs, 0);
      return known.length === 0 ? "–" : `${num(mean(known))} of ${pairs}`;
    };
    const accepted = own.filter((one) => one.accepted).length;
    return [
      run,
      of((r) => r.accuracy.PRP.seen),
      of((r) => r.accuracy.PRP.unseen),
      of((r) => r.accuracy.PQP.seen),
      of((r) => r.accuracy.PQP.unseen),
      of((r) => r.faults.invented),
      of((r) => r.faults.other_profile),
      `on ${accepted} of ${own.length}`,
    ];
  };
  const head = ["reward model, pairs right", "PRP seen", "unseen", "PQP seen", "unseen", "invented", "other profile"];
  return align([[...head, "accepted (seeds)"], ...runs.map(line)]).join("\n");
}
