import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../core/installation.ts";
import { readJson } from "../core/jsonl.ts";
import type { ResultRow } from "../eval/result-types.ts";

/** One file of `bench/results/methods`: rows as they stood in a `result.json`, and what was asked. */
interface Measured {
  readonly title: string;
  /** What was run, so that anyone can do it again. */
  readonly command: string;
  readonly metric: string;
  readonly rows: readonly Pick<ResultRow, "method" | "score" | "low" | "high" | "n" | "budget">[];
  /** What a reader should know of it, one sentence each. */
  readonly says: readonly string[];
}

const FOLDER = join("bench", "results", "methods");

/** Of `docs/methods.md`: what came out where these rows were run. */
export function methodsMeasured(root = packageRoot()): string {
  const dir = join(root, FOLDER);
  if (!existsSync(dir)) return "";
  const all = readdirSync(dir)
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .map((name) => tableOf(readJson<Measured>(join(dir, name))));
  return `## What came out\n\nScores with their 95% intervals over users. Small on purpose: they show that and how each row works, not which is best.\n\n${all.join("\n")}`;
}

function tableOf({ title, command, metric, rows, says }: Measured): string {
  const three = (value: number | null): string => (value === null ? "–" : value.toFixed(3));
  const lines = rows.map(
    ({ method, score, low, high, n, budget }) =>
      `| \`${method}\` | ${three(score)} | ${three(low)} to ${three(high)} | ${n} | ${round(budget?.samples)} | ${round(budget?.test_tokens)} |`,
  );
  return `### ${title}

\`\`\`sh
${command}
\`\`\`

| method | ${metric} | interval | queries | responses a query | tokens a query |
|---|---|---|---|---|---|
${lines.join("\n")}

${says.map((line) => `- ${line}`).join("\n")}
`;
}

const round = (value: number | undefined): string => (value === undefined ? "–" : String(Math.round(value)));
