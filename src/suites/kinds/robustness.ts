import { num } from "../../report/format.ts";
import { html } from "../../report/html.ts";
import { curves } from "../../report/plots/curves.ts";
import type { Picture } from "../../report/plots/draw.ts";
import { OWN, type Profile } from "../cells.ts";
import { type Contender, contender, leadOf } from "../contenders.ts";
import { type Claim, claimTable, combined } from "../differences.ts";
import { estimateOf, type OneSeed } from "../estimate.ts";
import { askedTasks } from "../evaluation.ts";
import type { Given, Kind } from "../kind.ts";
import { measureAll } from "../measure-all.ts";
import { headlineColumn, type MetricColumn } from "../metric-columns.ts";
import { pointPlot } from "../plots/points.ts";
import { ranked } from "../ranks.ts";
import type { Suite } from "../schema.ts";
import { type Entry, entry, type Lead, type Table } from "../shown.ts";

const WHOLE = "tagpr";

/** Figures 4, 7 and 8: score by the number of shown items and by who chose them, and what the paper says of it as hypotheses. */
export const robustness: Kind = {
  name: "robustness",
  title: "Other profiles",
  paper: "Figures 4, 7, 8; section 4.5",
  about: "Score against the number of shown items, and against how they are chosen.",
  needs: (suite, methods) =>
    [...lengths(suite), ...retrievers(suite)].map(([, profile]) => ({
      variant: OWN,
      profile,
      methods: asked(suite, methods),
    })),
  show: async (given) => {
    const { suite, methods } = given;
    const names = asked(suite, methods);
    const byLength = await measured(given, names, lengths(suite));
    const byRetriever = await measured(given, names, retrievers(suite));
    const claims = claimsOf(names, byLength, byRetriever, suite);
    const heads = byLength.columns.map(({ task, head }) => `${task.name} ${head}`);
    const { table } = claimTable(
      {
        ...{ id: "robustness-claims", caption: "What the paper says of other profiles, as differences" },
        notes: [
          "Plateau: what comes up to 8 items is more than what comes after. Minimal degradation: with items chosen at random TagPR loses less than the other.",
        ],
      },
      heads,
      claims,
    );
    return {
      tables: [
        scoresTable("robustness-k", "Score by the number of shown items", byLength, suite),
        scoresTable("robustness-retriever", "Score by how the items are chosen", byRetriever, suite),
        table,
      ],
      pictures: [...lengthPictures(given, byLength), ...retrieverPictures(given, byRetriever)],
      says: claimsInWords(table),
    };
  },
};

type Named = readonly (readonly [string, Profile])[];

const lengths = ({ profiles }: Suite): Named => profiles.k.map((k) => [String(k), { k }]);
const retrievers = ({ profiles }: Suite): Named => profiles.retrievers.map((retriever) => [retriever, { retriever }]);

/** Those of `profiles.methods` that the suite compares; where it compares none of them, its base. */
function asked({ profiles, base }: Suite, methods: readonly string[]): string[] {
  const own = profiles.methods.filter((name) => methods.includes(name));
  return own.length > 0 ? own : [base];
}

interface Measurements {
  readonly names: readonly string[];
  readonly points: readonly string[];
  readonly columns: readonly MetricColumn[];
  readonly label: (method: string) => string;
  readonly at: (method: string, point: string, column: MetricColumn) => readonly OneSeed[];
  readonly lead: (method: string, point: string, column: MetricColumn) => { readonly lead?: Lead };
}

async function measured(
  { suite, evaluations }: Given,
  names: readonly string[],
  profiles: Named,
): Promise<Measurements> {
  const contenders = profiles.flatMap(([point, profile]) =>
    names.flatMap((name): Contender[] => contender(evaluations({ profile }), name, { key: keyOf(name, point) })),
  );
  const tasks = askedTasks(contenders[0]?.evaluations ?? [], suite);
  const found = await measureAll(contenders, tasks);
  return {
    ...{ names, points: profiles.map(([point]) => point), columns: tasks.map(headlineColumn) },
    label: (method) => contenders.find((one) => one.method === method)?.label ?? method,
    at: (method, point, column) => found(keyOf(method, point), column),
    lead: (method, point, { task }) => {
      const own = contenders.find(({ key }) => key === keyOf(method, point));
      return own === undefined ? {} : { lead: leadOf(own, task.name) };
    },
  };
}

const keyOf = (name: string, point: string): string => `${name} ${point}`;

function scoresTable(id: string, caption: string, all: Measurements, { digits }: Suite): Table {
  const columns = all.columns.flatMap((column) => all.points.map((point) => ({ column, point })));
  const entries = columns.map(({ column, point }) =>
    ranked(
      all.names.map((name): Entry => {
        const seeds = all.at(name, point, column);
        if (seeds.length === 0) return entry("–");
        const { value, low, high } = estimateOf(seeds);
        return { text: num(value, digits), value, low, high, ...all.lead(name, point, column) };
      }),
      column.higherIsBetter,
    ),
  );
  return {
    ...{ id, caption, head: "Method" },
    columns: columns.map(({ column, point }) => ({ head: point, group: `${column.task.name} ${column.head}` })),
    rows: all.names.map((name, i) => ({ label: all.label(name), entries: entries.map((own) => own[i] ?? entry("–")) })),
    notes: ["Bold: the best of its column; underlined: the second."],
  };
}

function claimsOf(names: readonly string[], k: Measurements, retriever: Measurements, suite: Suite): Claim[] {
  const rivals = names.filter((name) => name !== WHOLE);
  if (!names.includes(WHOLE)) return [];
  const over = (all: Measurements, of: (column: MetricColumn, sign: number) => OneSeed[]): Claim["columns"] =>
    all.columns.map((column) => of(column, column.higherIsBetter ? 1 : -1));
  const above = (all: Measurements, group: string, say: (point: string) => string): Claim[] =>
    all.points.flatMap((point) =>
      rivals.map((rival) => ({
        group,
        label: `${all.label(WHOLE)} above ${all.label(rival)} ${say(point)}`,
        columns: over(all, (column, sign) =>
          combined([
            [sign, all.at(WHOLE, point, column)],
            [-sign, all.at(rival, point, column)],
          ]),
        ),
      })),
    );
  const [first, last] = [k.points[0] ?? "", k.points.at(-1) ?? ""];
  const plateau: Claim[] =
    k.points.includes("8") && first !== "8" && last !== "8"
      ? [
          {
            group: "Plateau",
            label: `${k.label(WHOLE)}: gain from ${first} to 8 items above that from 8 to ${last}`,
            columns: over(k, (column, sign) =>
              combined([
                [2 * sign, k.at(WHOLE, "8", column)],
                [-sign, k.at(WHOLE, first, column)],
                [-sign, k.at(WHOLE, last, column)],
              ]),
            ),
          },
        ]
      : [];
  const usual = "recency";
  const degradation: Claim[] =
    suite.profiles.retrievers.includes(usual) && suite.profiles.retrievers.includes("random")
      ? rivals.map((rival) => ({
          group: "Minimal degradation",
          label: `${k.label(WHOLE)} loses less than ${k.label(rival)} with items at random`,
          columns: over(retriever, (column, sign) =>
            combined([
              [sign, retriever.at(WHOLE, "random", column)],
              [-sign, retriever.at(WHOLE, usual, column)],
              [-sign, retriever.at(rival, "random", column)],
              [sign, retriever.at(rival, usual, column)],
            ]),
          ),
        }))
      : [];
  return [
    ...above(k, "At every number of items", (point) => `at k = ${point}`),
    ...above(retriever, "Under every retriever", (point) => `with ${point}`),
    ...plateau,
    ...degradation,
  ];
}

/** A sentence a group of claims. */
function claimsInWords({ rows }: Table): string[] {
  return [...new Set(rows.map(({ group = "" }) => group))].map((group) => {
    const own = rows.filter((row) => row.group === group).flatMap(({ entries }) => entries);
    const count = (verdict: string): number => own.filter((one) => one.verdict === verdict).length;
    return `${group}: ${count("better")} of ${own.length} claims are supported, of ${count("worse")} the opposite is, ${count("undecided")} are undecided, ${count("tied")} are exact ties.`;
  });
}

function lengthPictures({ canvas }: Given, all: Measurements): Picture[] {
  return all.columns.map((column) => {
    const caption = `${column.task.name}: ${column.head} by the number of shown items; ${column.higherIsBetter ? "higher" : "lower"} is better.`;
    const series = all.names.map((name, hue) => ({
      ...{ name: all.label(name), hue, looks: true },
      points: all.points.flatMap((point): [number, number][] => {
        const seeds = all.at(name, point, column);
        return seeds.length === 0 ? [] : [[Number(point), estimateOf(seeds).value]];
      }),
    }));
    const alt = `${caption} ${series.map(({ name, points }) => `${name}: ${points.map(([x, y]) => `${x} items ${num(y)}`).join(", ")}`).join("; ")}.`;
    return curves(canvas, {
      name: `robustness-k-${column.task.name}`,
      alt,
      caption: html`${caption}`,
      x: "items",
      y: column.head,
      series,
    });
  });
}

function retrieverPictures({ canvas }: Given, all: Measurements): Picture[] {
  return all.columns.map((column) =>
    pointPlot(canvas, {
      name: `robustness-retriever-${column.task.name}`,
      caption: `${column.task.name}: ${column.head} by how the items are chosen; ${column.higherIsBetter ? "higher" : "lower"} is better.`,
      x: column.head,
      points: all.points.flatMap((row) =>
        all.names.flatMap((name, hue) => {
          const seeds = all.at(name, row, column);
          return seeds.length === 0 ? [] : [{ series: all.label(name), hue, row, ...estimateOf(seeds) }];
        }),
      ),
    }),
  );
}
