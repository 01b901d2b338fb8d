import { num, percent, signed, whole } from "../../report/format.ts";
import { html } from "../../report/html.ts";
import { curves } from "../../report/plots/curves.ts";
import { OWN } from "../cells.ts";
import { contender, leadOf } from "../contenders.ts";
import { askedTasks } from "../evaluation.ts";
import type { Given, Kind } from "../kind.ts";
import { headlineColumn } from "../metric-columns.ts";
import { type Entry, entry, type Lead, type Table, type TableRow } from "../shown.ts";
import { gini, type UserScore, userScores } from "../user-scores.ts";

/** Ours: a mean gain may hide that some lose; how a score is spread over users, and who gains. */
export const users: Kind = {
  name: "users",
  title: "User by user",
  paper: "ours",
  about: "The score of each user, who gains and who loses against the base, and how unequal it is.",
  needs: (_, methods) => [{ variant: OWN, profile: {}, methods }],
  show: async ({ suite, methods, evaluations, canvas }) => {
    const [first] = evaluations();
    if (first === undefined) return { tables: [], pictures: [], says: [] };
    const tasks = askedTasks([first], suite);
    const names = methods.flatMap((method) => contender([first], method));
    const base = names.find(({ key }) => key === suite.base);
    const rows: TableRow[] = [];
    const says: string[] = [];
    const pictures: ReturnType<typeof curves>[] = [];
    for (const task of tasks) {
      const scores = new Map<string, readonly UserScore[]>();
      for (const { key } of names) {
        const answers = await first.answers(key, task.name);
        if (answers !== null) scores.set(key, userScores(answers));
      }
      const usual = new Map((scores.get(suite.base) ?? []).map(({ user, score }) => [user, score]));
      const column = headlineColumn(task);
      const sorted: { name: string; hue: number; looks: true; points: [number, number][] }[] = [];
      for (const [hue, one] of names.entries()) {
        const { key, label } = one;
        const own = scores.get(key) ?? [];
        const gains = own.map(({ user, score }) => score - (usual.get(user) ?? Number.NaN)).sort((a, b) => a - b);
        rows.push({
          group: `${task.name} ${column.head}`,
          ...(key === suite.base ? { base: true as const } : {}),
          label,
          entries: rowOf(own, key === suite.base || base === undefined ? null : gains, leadOf(one, task.name)),
        });
        if (key !== suite.base && base !== undefined && /^(tagpr|sft-r|sft)$/.test(key))
          sorted.push({
            name: label,
            hue,
            looks: true,
            points: gains.map((gain, i) => [(100 * (i + 0.5)) / gains.length, gain]),
          });
        if (key === "tagpr" && base !== undefined)
          says.push(
            `${task.name}: ${percent(
              share(gains, (gain) => gain > 0),
              0,
            )} of ${whole(gains.length)} users score better with ${label} than with ${base.label}, ${percent(
              share(gains, (gain) => gain < 0),
              0,
            )} worse.`,
          );
      }
      if (sorted.length > 0 && base !== undefined)
        pictures.push(gainPicture({ canvas }, task.name, base.label, sorted));
    }
    const table: Table = {
      ...{ id: "users", caption: "How scores are spread over users", head: "Method" },
      columns: [
        { head: "users" },
        { head: "mean" },
        { head: "worst tenth" },
        { head: "Gini" },
        ...["gain", "better", "same", "worse"].map((head) => ({ head, group: "against the base" })),
      ],
      rows,
      notes: [
        "A user's score is the mean over their queries, errors negated (higher is better). Worst tenth: the mean of the tenth of users with the lowest scores.",
        "Gini: 0 where all users score the same, towards 1 where few have it all; not for errors. Of several seeds the first one's.",
      ],
    };
    return { tables: [table], pictures, says };
  },
};

const share = (values: readonly number[], test: (value: number) => boolean): number =>
  values.length === 0 ? Number.NaN : values.filter(test).length / values.length;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function rowOf(own: readonly UserScore[], gains: readonly number[] | null, lead: Lead): Entry[] {
  const values = own.map(({ score }) => score).sort((a, b) => a - b);
  const worst = values.slice(0, Math.max(1, Math.round(values.length / 10)));
  const unequal = gini(values);
  const number = (value: number, text: string): Entry => ({ text, value, lead });
  return [
    number(values.length, whole(values.length)),
    number(mean(values), num(mean(values))),
    number(mean(worst), num(mean(worst))),
    unequal === null ? entry("–") : number(unequal, num(unequal, 2)),
    ...(gains === null
      ? [entry("–"), entry("–"), entry("–"), entry("–")]
      : [
          number(mean(gains), signed(mean(gains))),
          ...[(gain: number) => gain > 0, (gain: number) => gain === 0, (gain: number) => gain < 0].map((test) =>
            number(share(gains, test), percent(share(gains, test), 0)),
          ),
        ]),
  ];
}

function gainPicture(
  { canvas }: Pick<Given, "canvas">,
  task: string,
  base: string,
  series: Parameters<typeof curves>[1]["series"],
): ReturnType<typeof curves> {
  const caption = `${task}: gain over ${base} of each user, from the one who loses most to the one who gains most.`;
  const ends = series.map(
    ({ name, points }) => `${name} from ${signed(points[0]?.[1] ?? 0)} to ${signed(points.at(-1)?.[1] ?? 0)}`,
  );
  return curves(canvas, {
    ...{
      name: `users-${task}`,
      alt: `${caption} ${ends.join("; ")}.`,
      caption: html`${caption}`,
    },
    ...{ x: "users, %", y: "gain", series, levels: [{ value: 0, label: base }] },
  });
}
