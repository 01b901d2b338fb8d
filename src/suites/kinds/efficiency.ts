import { zipStrict } from "../../core/zip.ts";
import { num, percent } from "../../report/format.ts";
import { html } from "../../report/html.ts";
import { matrix } from "../../report/plots/matrix.ts";
import { OWN } from "../cells.ts";
import { type ChainCounts, countChains, END, inOrder, START } from "../chains.ts";
import { type Contender, contender, inGroups, isTold, leadOf, trained } from "../contenders.ts";
import { type Resamples, resamplesOf } from "../draws.ts";
import { differenceOf, estimateOf, type OneSeed } from "../estimate.ts";
import { askedTasks, type Evaluation } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { meanOf } from "../means.ts";
import { type Entry, entry, type Table } from "../shown.ts";

/** Figure 5: what reasoning costs in tokens beside the base, and what the chains are made of. */
export const efficiency: Kind = {
  name: "efficiency",
  title: "Length and structure of the reasoning",
  paper: "Figure 5, section 4.6.2",
  about: "Tokens of a response against the base, task by task; which tags stand in chains, and which follows which.",
  needs: (suite, methods) => [{ variant: OWN, profile: {}, methods: [...new Set([suite.base, ...methods])] }],
  show: async ({ suite, methods, evaluations, canvas }) => {
    const all = evaluations();
    const tasks = askedTasks(all, suite).map(({ name }) => name);
    const rows = inGroups([...new Set([suite.base, ...methods])].flatMap((method) => contender(all, method))).filter(
      ({ reasons, key }) => reasons || key === suite.base,
    );
    const lengths = await lengthTable(rows, tasks, suite.base);
    const whose = trained(rows);
    if (whose === undefined) return { tables: [lengths.table], pictures: [], says: lengths.says };
    const counts = await chainsOf(all, whose, suite.tasks);
    const tags = inOrder(counts);
    const after = (from: string, to: string): number => {
      const row = counts.next.get(from) ?? new Map<string, number>();
      const whole = [...row.values()].reduce((a, b) => a + b, 0);
      return whole === 0 ? 0 : (row.get(to) ?? 0) / whole;
    };
    const likely = (from: string): string => {
      const [to] = [...tags, END].toSorted((a, b) => after(from, b) - after(from, a));
      return `after ${from} comes ${to} in ${percent(after(from, to ?? END))}`;
    };
    const picture = matrix(canvas, {
      name: "efficiency-transitions",
      alt: `Which tag follows which in ${whose.label}: ${[START, ...tags].map(likely).join("; ")}.`,
      caption: html`Which step follows which in the chains of ${whose.label}, percent of each row; a row is the step before, a column the one after.`,
      ...{ rows: [START, ...tags], columns: [...tags, END], share: after },
    });
    return { tables: [lengths.table, tagTable(whose, counts)], pictures: [picture], says: lengths.says };
  },
};

async function lengthTable(
  rows: readonly Contender[],
  tasks: readonly string[],
  base: string,
): Promise<{ readonly table: Table; readonly says: string[] }> {
  const shared = new Map<string, Resamples>();
  const measured = await Promise.all(rows.map((row) => Promise.all(tasks.map((task) => lengthsOf(row, task, shared)))));
  const at = rows.findIndex(({ key }) => key === base);
  const entries = zipStrict(rows, measured).map(([row, own]) =>
    own.flatMap((seeds, t): Entry[] => {
      const { value, low, high } = estimateOf(seeds);
      const tokens = { text: num(value, 1), value, low, high, lead: leadOf(row, tasks[t] ?? "") };
      const of = measured[at]?.[t];
      if (of === undefined || row.key === base) return [tokens, entry("–")];
      const change = estimateOf(of).value === 0 ? null : value / estimateOf(of).value - 1;
      const { value: less, low: from, high: to } = differenceOf(seeds, of, false);
      const clear = from !== null && to !== null && (from > 0 || to < 0);
      const verdict = clear ? (less > 0 ? "better" : "worse") : "undecided";
      return [tokens, { text: change === null ? "–" : percent(change), value: change, verdict }];
    }),
  );
  const says = zipStrict(rows, entries).flatMap(([{ label, key }, own]) => {
    const changes = own.flatMap(({ value }, i) => (i % 2 === 1 && typeof value === "number" ? [value] : []));
    if (key === base || !isTold(key, base) || changes.length === 0) return [];
    const mean = changes.reduce((a, b) => a + b, 0) / changes.length;
    return [
      `${label}: ${percent(Math.abs(mean))} ${mean < 0 ? "fewer" : "more"} tokens a response than ${rows[at]?.label ?? base}, mean over ${changes.length} tasks.`,
    ];
  });
  return {
    says: [
      ...says,
      "How long a base reasons is a dial here where the base is a small model of our own, since its pre-training shows it chains: only a base that nobody taught to reason speaks of the paper's Figure 5.",
    ],
    table: {
      ...{ id: "efficiency", caption: "Tokens of a response, reasoning included", head: "Method" },
      columns: tasks.flatMap((group) => [
        { head: "tokens", group },
        { head: "against base", group },
      ]),
      rows: zipStrict(rows, entries).map(([{ label, key, group }, own]) => ({
        ...(group === undefined ? {} : { group }),
        ...(key === base ? { base: true as const } : {}),
        ...{ label, entries: own },
      })),
      notes: ["▲ fewer, ▼ more tokens than the base: the 95% interval of the difference is off 0; not corrected."],
    },
  };
}

/** `shared`: the resamples of a seed's task, which the first row makes and the others use. */
async function lengthsOf(
  { evaluations, method }: Contender,
  task: string,
  shared: Map<string, Resamples>,
): Promise<OneSeed[]> {
  return Promise.all(
    evaluations.map(async (evaluation) => {
      const answers = await evaluation.answers(method, task);
      const clusters = answers?.clusters ?? [];
      const key = `${evaluation.id}\n${task}`;
      const resamples =
        shared.get(key) ?? resamplesOf(clusters, evaluation.config.eval.bootstrap, evaluation.seed, task);
      shared.set(key, resamples);
      return { ...meanOf(answers?.tokens ?? [], clusters, resamples), clusters: resamples.place.size };
    }),
  );
}

/** Of the first seed. */
async function chainsOf(all: readonly Evaluation[], { method }: Contender, asked: readonly string[]) {
  const [first] = all;
  const tasks = (first?.tasks ?? []).filter(({ name }) => asked.length === 0 || asked.includes(name));
  return countChains(first?.file(method) ?? "", tasks);
}

function tagTable({ label }: Contender, counts: ChainCounts): Table {
  const whole = [...counts.tags.values()].reduce((sum, { times }) => sum + times, 0);
  const share = (part: number, of: number): Entry => ({ text: percent(part / of), value: part / of });
  return {
    ...{ id: "efficiency-tags", caption: `Tags in the chains of ${label}`, head: "Tag" },
    columns: [{ head: "of all steps" }, { head: "of the chains have it" }, { head: "times a chain" }],
    rows: inOrder(counts).flatMap((tag) => {
      const own = counts.tags.get(tag);
      if (own === undefined) return [];
      const times = own.times / counts.chains;
      const entries = [
        share(own.times, whole),
        share(own.chains, counts.chains),
        { text: num(times, 2), value: times },
      ];
      return [{ label: tag, entries }];
    }),
    notes: [`${counts.chains} of ${counts.answers} answers have a chain. Of several seeds the first one's.`],
  };
}
