import type { Override } from "../core/yaml-file.ts";
import { OWN } from "./cells.ts";
import type { Suite } from "./schema.ts";

/** A row of `rewards`: whose answers it shows, and of which run. */
export interface RewardRow {
  /** `own`: the suite's own run trains it as a method. */
  readonly variant: string;
  readonly method: string;
  /** What a variant of the suite's own is called in tables. */
  readonly label?: string;
}

/** A name in `rewards`: a variant of the suite's own, else a method. */
export function rewardRow(name: string, { variants }: Pick<Suite, "variants">): RewardRow {
  const own = variants[name];
  return own === undefined ? { variant: OWN, method: name } : { variant: name, method: own.method, label: own.label };
}

/** `{guided.from: base}` as overrides of a config; `from` names them in errors. */
export const overridesOf = (set: Readonly<Record<string, unknown>>, from: string): Override[] =>
  Object.entries(set).map(([path, value]) => ({ path: path.split("."), value, from: `${from} ${path}` }));
