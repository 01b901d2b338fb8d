import { percent, signed, whole } from "../../report/format.ts";
import { holm } from "../../stats/bootstrap.ts";
import { OWN } from "../cells.ts";
import { UNTAGGED } from "../chains.ts";
import { type Contender, contender, leadOf, trained } from "../contenders.ts";
import { resamplesOf } from "../draws.ts";
import { type Difference, estimateOf, type OneSeed, testOf } from "../estimate.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { meanOf } from "../means.ts";
import { pointPlot } from "../plots/points.ts";
import type { Suite } from "../schema.ts";
import { type Entry, entry, type Table, type TableRow } from "../shown.ts";
import {
  type Effects,
  readStepEffects,
  type TagEffects,
  type TaskEffects,
  tagsInOrder,
  together,
} from "../step-effects.ts";

/** Ours: chains may be there for the eye alone; what an answer loses with each of its steps. */
export const causal: Kind = {
  name: "causal",
  title: "Does the answer hang on the chain?",
  paper: "ours",
  about:
    "Each step is taken out of the chain, or its true claims about the user's items made false: what that does to the answer.",
  needs: (suite, methods) => {
    const asked = askedAbout(suite, methods);
    return [{ variant: OWN, profile: {}, methods: asked, causal: asked }];
  },
  show: async ({ suite, methods, evaluations, canvas }) => {
    const all = evaluations();
    const tasks = askedTasks(all, suite).map(({ name }) => name);
    const rows = askedAbout(suite, methods).flatMap((method) => contender(all, method));
    const parts: Part[] = [];
    for (const row of rows) {
      const read = await Promise.all(row.evaluations.map((one) => readStepEffects(one.causalFile(row.method))));
      for (const task of tasks)
        parts.push(
          partOf(
            row,
            task,
            read.flatMap((own) => own.get(task) ?? []),
          ),
        );
    }
    const seen = parts.filter(({ seeds }) => seeds.some(({ read }) => read > 0));
    const drawn = trained(rows.filter(({ key }) => seen.some(({ row }) => row.key === key)));
    return {
      tables: [tableOf(seen, parts)],
      pictures: seen
        .filter(({ row }) => row.key === drawn?.key)
        .map(({ row, task, lines }) =>
          pointPlot(canvas, {
            name: `causal-${task}`,
            caption: `${row.label}, ${task}: change of the answer's log-prob when a step is taken out of the chain, or its true claims are made false.`,
            x: "change of the log-prob, nats",
            points: lines.flatMap(({ tag, out, reversed }) =>
              [out, reversed].flatMap((own, hue) =>
                own === null ? [] : [{ series: SERIES[hue] ?? "", hue, row: tag, ...estimateOf(own.change) }],
              ),
            ),
          }),
        ),
      says: seen.map(saysOf),
    };
  },
};

const SERIES = ["taken out", "made false"] as const;
const [ALL, WHOLE] = ["any step", "whole chain"] as const;

function askedAbout({ causal: { methods: wanted }, base }: Suite, methods: readonly string[]): string[] {
  const own = wanted.filter((name) => methods.includes(name));
  return own.length > 0 ? own : [base];
}

/** A change, measured on each seed. */
interface Measured {
  readonly n: number;
  readonly change: readonly OneSeed[];
  readonly changed: readonly OneSeed[];
}

interface Line {
  readonly tag: string;
  readonly out: Measured | null;
  readonly reversed: Measured | null;
}

/** A method's chains of one task; the last lines are that of all steps together, and that of the chain as a whole. */
interface Part {
  readonly row: Contender;
  readonly task: string;
  readonly seeds: readonly TaskEffects[];
  readonly lines: readonly Line[];
}

function partOf(row: Contender, task: string, seeds: readonly TaskEffects[]): Part {
  const measured = (tag: string, of: readonly (readonly TagEffects[])[], which: "out" | "reversed"): Measured | null =>
    measuredOf(
      row,
      [task, tag, which],
      of.map((own) => together(own.map((one) => one[which]))),
    );
  const lineOf = (tag: string, of: (own: TaskEffects) => readonly TagEffects[]): Line => ({
    tag,
    out: measured(tag, seeds.map(of), "out"),
    reversed: measured(tag, seeds.map(of), "reversed"),
  });
  const lines = [
    ...tagsInOrder(seeds).map((tag) => lineOf(tag, ({ tags }) => [tags.get(tag) ?? []].flat())),
    lineOf(ALL, ({ tags }) => [...tags.values()]),
    {
      tag: WHOLE,
      out: measuredOf(
        row,
        [task, WHOLE],
        seeds.map(({ none }) => none),
      ),
      reversed: null,
    },
  ];
  return { row, task, seeds, lines };
}

/** Seeds without such a step say nothing of it. */
function measuredOf({ evaluations }: Contender, name: readonly string[], seeds: readonly Effects[]): Measured | null {
  const n = seeds.reduce((sum, { change }) => sum + change.length, 0);
  if (n === 0) return null;
  const over = (pick: (own: Effects) => readonly number[]): OneSeed[] =>
    seeds.flatMap((own, s) => {
      const evaluation = evaluations[s];
      if (own.change.length === 0 || evaluation === undefined) return [];
      const resamples = resamplesOf(own.clusters, evaluation.config.eval.bootstrap, evaluation.seed, ...name);
      return [{ ...meanOf(pick(own), own.clusters, resamples), clusters: resamples.place.size }];
    });
  return { n, change: over(({ change }) => change), changed: over(({ changed }) => changed) };
}

function tableOf(seen: readonly Part[], all: readonly Part[]): Table {
  const lines = seen.flatMap(({ lines: own }) => own);
  const tests = lines.flatMap(({ out, reversed }) => [out, reversed]).map((own) => own && testOf(own.change));
  const corrected = holm(tests.flatMap((test) => (test === null ? [] : [test.p])));
  let next = 0;
  const p = tests.map((test) => (test === null ? 1 : (corrected[next++] ?? 1)));
  let at = 0;
  const rows = seen.flatMap(({ row, task, lines: own }) =>
    own.map(({ tag, out, reversed }): TableRow => {
      const entries = [out, reversed].flatMap((one) => {
        const [test, corrected] = [tests[at] ?? null, p[at] ?? 1];
        at++;
        return entriesOf(one, test, corrected).map((given): Entry => ({ ...given, lead: leadOf(row, task) }));
      });
      return { group: `${row.label}: ${task}`, label: tag, entries };
    }),
  );
  return {
    ...{ id: "causal", caption: "What a step of the chain does to the answer", head: "Step" },
    columns: ["taken out", "claims made false"].flatMap((group) =>
      ["n", "log-prob", "other answer"].map((head) => ({ head, group })),
    ),
    rows,
    notes: [
      "Log-prob: of the answer that was given, behind the changed chain minus behind its own, nats; below 0 the step speaks for it. Other answer: share of the greedy answers that are others than behind the chain as it stands.",
      "▼ less likely, ▲ more likely without it, = no change at all, at 5% after Holm's correction over the table; without a mark: undecided.",
      "Claims made false: every true one of the step about a shown item's label or grade, by another label. The rest of the chain stands as it was, which may say the same again.",
      `Whole chain: nothing is left between <think> and </think>. ${UNTAGGED}: text that stands outside of any tag.`,
      "A chain with a hole is one that the model was not trained on: an effect says that the step is used, no effect that the answer does without its words.",
      ...all.map(({ row, task, seeds }) => `${row.label}, ${task}: ${toldApart(seeds)}`),
    ],
  };
}

function toldApart(seeds: readonly TaskEffects[]): string {
  const sum = (of: (own: TaskEffects) => number): number => seeds.reduce((total, own) => total + of(own), 0);
  const [asked, read, again] = [sum((own) => own.asked), sum((own) => own.read), sum((own) => own.again)];
  return `${whole(read)} of ${whole(asked)} answers have a chain and an answer that can be read${read === 0 ? "" : `; behind it, as it stands, ${percent(again / read)} are given again`}.`;
}

function entriesOf(own: Measured | null, test: Difference | null, p: number): Entry[] {
  if (own === null || test === null) return [entry("–"), entry("–"), entry("–")];
  const { value, low, high } = test;
  const shown = { text: signed(value), value, low, high, p };
  const clear = p < 0.05 && low !== null && high !== null && (low > 0 || high < 0);
  const verdict =
    value === 0 && low === 0 && high === 0 ? "tied" : !clear ? "undecided" : value > 0 ? "better" : "worse";
  const share = estimateOf(own.changed);
  return [
    { text: whole(own.n), value: own.n },
    { ...shown, verdict },
    { text: percent(share.value), ...share },
  ];
}

function saysOf({ row, task, lines }: Part): string {
  const of = (tag: string): Measured | null => lines.find((line) => line.tag === tag)?.out ?? null;
  const [any, whole] = [of(ALL), of(WHOLE)];
  if (any === null || whole === null) return `${row.label}, ${task}: no chain that could be asked about.`;
  const change = (own: Measured): string => {
    const { value, low, high } = estimateOf(own.change);
    return `${signed(value)}${low === null || high === null ? "" : ` (95% interval ${signed(low)} to ${signed(high)})`}`;
  };
  const others = (own: Measured): string => percent(estimateOf(own.changed).value);
  const without = `${row.label}, ${task}: without its chain the log-prob of the answer changes by ${change(whole)} and ${others(whole)} of the answers are others`;
  const dropOf = ({ out }: Line): number => (out === null ? 0 : estimateOf(out.change).value);
  const [most, next] = lines.slice(0, -2).toSorted((a, b) => dropOf(a) - dropOf(b));
  if (most === undefined || next === undefined) return `${without}.`;
  return `${without}; without one step by ${change(any)} and ${others(any)}, most without ${most.tag} (${signed(dropOf(most))}).`;
}
