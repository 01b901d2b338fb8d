import type { ChainStats } from "../chains/types.ts";
import { percent, whole } from "../report/format.ts";
import { html } from "../report/html.ts";
import { bars } from "../report/plots/bars.ts";
import type { Canvas, Picture } from "../report/plots/draw.ts";
import { type Funnel, stepsOf } from "./funnel.ts";
import { type Entry, entry, type Table, type TableRow } from "./shown.ts";

/** No filters: fewer may be tagged than could be, and not all chains are for training. */
const NO_FILTER: readonly string[] = ["roll-outs", "tagged", "… for training"];

/** What each filter left, by task and in all. */
export function funnelTable(tasks: readonly Funnel[], stats: Partial<ChainStats>): Table {
  const all = [...tasks, total(tasks, stats)];
  const names = [...new Set(all.flatMap((one) => stepsOf(one).map(([name]) => name)))];
  const steps = stepsOf(all.at(-1) as Funnel).map(([name]) => name);
  const ordered = names.toSorted((a, b) => steps.indexOf(a) - steps.indexOf(b));
  const counted = (label: string, of: (one: Funnel) => readonly [Entry, Entry], group: string): TableRow => ({
    ...{ group, label, entries: all.flatMap(of) },
  });
  return {
    ...{ id: "data-funnel", caption: "What the filters left of the teacher's roll-outs", head: "Step" },
    columns: [...tasks.map(({ task }) => task), "all tasks"].flatMap((group) => [
      { head: "left", group },
      { head: "passed", group },
    ]),
    rows: [
      ...ordered.map((name) => counted(name, (one) => stepEntries(one, name), "Roll-outs")),
      counted("asked", (one) => [count(one.queries), entry("")], "Queries"),
      counted("with a right roll-out", (one) => shared(one.answered, one.queries), "Queries"),
      counted("with a chain", (one) => shared(one.covered, one.queries), "Queries"),
      counted("laid aside", (one) => shared(one.review, one.chains), "Chains for a person to look at"),
      ...(all.some(({ checked }) => checked > 0)
        ? [
            counted("looked at", (one) => shared(one.checked, one.review), "Chains for a person to look at"),
            counted("found right", (one) => shared(one.good, one.checked), "Chains for a person to look at"),
          ]
        : []),
    ],
    notes: [
      "Passed: of the step before it; of queries and of those laid aside: of what stands above. Tagged: at most as many a query as the config says, and another for each that fails; – where a run of an older version says it of all tasks alone.",
      ...rejections(stats),
      ...(tasks.some(({ given }) => given > 0)
        ? [`${whole(all.at(-1)?.given ?? 0)} roll-outs were written with the answer in sight.`]
        : []),
      `${all.some(({ checked }) => checked > 0) ? "What a person found" : "Nobody has looked at the chains that were laid aside: a person's verdicts"} in chains/checked.jsonl of the run, a line {task, query, i, ok} for each of chains/review.jsonl${all.some(({ checked }) => checked > 0) ? "" : ", would be counted here"}.`,
      ...(stats.by === undefined
        ? []
        : [`Teacher: ${stats.by.teacher}. Judge: ${stats.by.judge}. Tagger: ${stats.by.tagger}.`]),
    ],
  };
}

/** Of what a file of an older version tells for all tasks only, that. */
function total(tasks: readonly Funnel[], stats: Partial<ChainStats>): Funnel {
  const sum = (key: Exclude<keyof Funnel, "task">): number | null =>
    tasks.reduce<number | null>((n, { [key]: own }) => (n === null || own === null ? null : n + own), 0);
  const keys = Object.keys(tasks[0] ?? {}).filter((key) => key !== "task") as Exclude<keyof Funnel, "task">[];
  const sums = Object.fromEntries(keys.map((key) => [key, sum(key)])) as unknown as Omit<Funnel, "task">;
  const isWhole = Object.keys(stats.tasks ?? {}).every((name) => tasks.some(({ task }) => task === name));
  const { tagged = null, tag_unreadable: unread = null } = isWhole ? stats : {};
  return {
    ...{ ...sums, task: "all tasks" },
    tagged: sums.tagged ?? tagged,
    tagsRead: sums.tagsRead ?? (tagged === null || unread === null ? null : tagged - unread),
  };
}

const count = (value: number): Entry => ({ text: whole(value), value });

const shared = (part: number, of: number): readonly [Entry, Entry] => [
  count(part),
  of === 0 ? entry("–") : { text: percent(part / of), value: part / of },
];

function stepEntries(one: Funnel, name: string): readonly [Entry, Entry] {
  const steps = stepsOf(one);
  const at = steps.findIndex(([own]) => own === name);
  const [, n] = steps[at] ?? [];
  if (n === undefined) return [entry("–"), entry("–")];
  const [, before = 0] = steps[at - 1] ?? [];
  // Where a step is not known, the next has no share of it.
  if (NO_FILTER.includes(name) || (name === "right format: a chain" && one.tagsRead === null))
    return [count(n), entry("")];
  return shared(n, before);
}

function rejections({ format_rejected: rejected = {} }: Partial<ChainStats>): string[] {
  const reasons = Object.entries(rejected).map(([reason, n]) => `${reason} ${whole(n)}`);
  return reasons.length === 0
    ? []
    : [`Left out by the format filter, over all tasks of the run: ${reasons.join(", ")}.`];
}

/** Figure 2's way of the chains, in numbers. */
export function funnelPicture(canvas: Canvas, one: Funnel): Picture {
  const steps = stepsOf(one);
  const text = (n: number): string => `${whole(n)} (${percent(one.rollouts === 0 ? null : n / one.rollouts, 0)})`;
  const caption = `${one.task}: chains left after each step, and their share of all roll-outs.`;
  return bars(canvas, {
    name: `data-funnel-${one.task}`,
    alt: `${caption} ${steps.map(([name, n]) => `${name} ${text(n)}`).join(", ")}.`,
    caption: html`${caption}`,
    bars: steps.map(([label, value]) => ({ label, value, text: text(value), hue: 0 })),
  });
}
