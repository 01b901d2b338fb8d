import type { Config } from "../core/config/schema.ts";
import type { Comparisons } from "../eval/result-rows.ts";
import type { Method } from "../eval/types.ts";
import { ablationOf, METHODS } from "./index.ts";
import { overSamples, partsOf } from "./over-samples.ts";
import { sftRAs } from "./sft-r.ts";

/** Labels that a run's own settings change, as `result.json` keeps them. */
export type Labels = Readonly<Record<string, string>>;

/** A method's row, or a bare one for a name that nobody knows any more. */
export const methodLabel = (name: string, labels: Labels = {}): string =>
  labels[name] ?? METHODS.find((method) => method.name === name)?.label ?? name;

/** What a row is, in a run whose SFT learnt this; null of a name that only the run's own config knows. */
export function rowOf(name: string, form: Config["sft"]["form"]): Method | null {
  const parts = partsOf(name);
  const base = parts?.of ?? name;
  const row = base === "sft-r" ? sftRAs(form) : (METHODS.find((method) => method.name === base) ?? null);
  return row === null || parts === null ? row : overSamples(name, row);
}

/** {@link methodLabel} as a term of a difference: `guided RL`, not `+ guided RL`. */
export const pairLabel = (name: string, labels: Labels = {}): string => methodLabel(name, labels).replace(/^\+ /, "");

/** The comparisons of methods that every config knows, `[a, b]` for a − b; those whose methods were not run are left out. */
export const COMPARISONS: Comparisons = [
  ["tagpr", "rag-r"],
  ["tagpr", "sft"],
  ["tagpr", "sft-r"],
  ["tagpr", "sft-rejection"],
  ["tagpr", "guided"],
  ...METHODS.filter((method) => ablationOf(method) !== null).map(({ name }) => ["tagpr", name] as const),
  ["guided", "sft-r"],
  ["sft-r", "rag-r"],
  ["rag-r", "zero-shot"],
  ["pag", "rag"],
  ["pag-r", "rag-r"],
  ["r2p", "rag-r"],
  ["tagpr", "pplug"],
  ["pplug", "rag"],
  ["pplug-labels", "pplug"],
  ["tagpr", "hydra-adapter"],
  ["hydra-adapter", "rag"],
  ["hydra-adapter", "rag/majority@8"],
  ["hydra-adapter", "rag-r/majority@8"],
  ["tagpr/majority@8", "hydra-adapter"],
  ["tagpr", "prlm"],
  ["tagpr-no-sft", "prlm"],
  ["tagpr", "prlm-sft"],
  ["prlm", "rag-r"],
  ["prlm-sft", "sft-r"],
];

/** {@link COMPARISONS}, and of rows that only a config knows: against TagPR, and against the row that each is nearest to. */
export const comparisonsOf = (methods: readonly Method[]): Comparisons => [
  ...COMPARISONS,
  ...methods.flatMap(({ name, external }): Comparisons => {
    const base = partsOf(name)?.of ?? "rag-r";
    return external === true || partsOf(name) !== null ? [["tagpr", name] as const, [name, base] as const] : [];
  }),
];
