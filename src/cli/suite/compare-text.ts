import { holm } from "../../stats/bootstrap.ts";
import { type Compared, configDifferences, type Side } from "../../suites/compare.ts";
import { align } from "../table.ts";

const LEVEL = 0.05;
/** So many flipped queries and differing settings are named. */
const MOST = 10;

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;

/** What differs in config, data and score, whether it matters, and which queries flipped. */
export function compareText(a: Side, b: Side, { metrics, flips, queries }: Compared): string {
  const p = holm(metrics.map(({ difference }) => difference.p));
  const rows = metrics.map(({ task, metric, a: own, b: other, difference: { value, low, high }, detectable }, i) => [
    task,
    metric,
    own.toFixed(4),
    other.toFixed(4),
    signed(value),
    low === null || high === null ? "none" : `${signed(low)} … ${signed(high)}`,
    (p[i] ?? 1).toFixed(4),
    verdictOf(metrics[i], p[i] ?? 1),
    detectable === null ? "–" : detectable.toFixed(4),
  ]);
  const better = flips.filter((flip) => flip.b > flip.a).length;
  return [
    `A: ${a.name}`,
    `B: ${b.name}`,
    "",
    ...configLines(a, b),
    `Data: ${queries.both} queries in common${queries.onlyA + queries.onlyB === 0 ? "" : `; ${queries.onlyA} of A and ${queries.onlyB} of B are the other's not, and left out`}.`,
    "",
    ...align([
      ["task", "metric", "A", "B", "B − A, better above 0", "95% interval", "p (Holm)", "B is", "detectable"],
      ...rows,
    ]),
    "",
    `Flipped: ${better} queries are better in B, ${flips.length - better} worse, ${queries.both - flips.length} the same.`,
    ...(flips.length === 0
      ? []
      : align([
          ["task", "query", "A", "B"],
          ...flips.slice(0, MOST).map((flip) => [flip.task, flip.query, flip.a.toFixed(3), flip.b.toFixed(3)]),
        ])),
    ...(flips.length > MOST ? [`  … and ${flips.length - MOST} more (--json has all)`] : []),
    "",
  ].join("\n");
}

export function verdictOf(metric: Compared["metrics"][number] | undefined, p: number): string {
  if (metric === undefined) return "";
  const { value, low, high } = metric.difference;
  if (value === 0 && low === 0 && high === 0) return "tied";
  if (p >= LEVEL || low === null || high === null || (low <= 0 && high >= 0)) return "undecided";
  return value > 0 ? "better" : "worse";
}

function configLines(a: Side, b: Side): string[] {
  const all = configDifferences(a.evaluation.config, b.evaluation.config).filter(({ path }) => !/^name$/.test(path));
  if (all.length === 0) return [a.method === b.method ? "Config: the same." : "Config: the same; the methods differ."];
  const shown = (value: unknown): string => (value === undefined ? "–" : JSON.stringify(value)).slice(0, 60);
  return [
    `Config: ${all.length} settings differ`,
    ...align([
      ["", "A", "B"],
      ...all.slice(0, MOST).map(({ path, a: own, b: other }) => [path, shown(own), shown(other)]),
    ]),
    ...(all.length > MOST ? [`  … and ${all.length - MOST} more`] : []),
  ];
}
