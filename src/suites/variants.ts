import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { nearest, type Override } from "../core/yaml-file.ts";
import type { Suite } from "./schema.ts";

/** A run that differs from the suite's own in some values, and the row that it gives. */
export interface Trained {
  readonly name: string;
  readonly label: string;
  /** The paper's name of the row; `–` where it has none. */
  readonly paper: string;
  /** Whose answers the row shows. */
  readonly method: string;
  readonly set: (config: Config) => Readonly<Record<string, unknown>>;
}

const row = (name: string, label: string, paper: string, set: Trained["set"]): Trained => ({
  ...{ name, label, paper, set },
  method: "tagpr",
});

/** Reward models of Table 3; what section 4.3 takes away are methods (`tagpr-no-sft` and so on). */
export const VARIANTS: readonly Trained[] = [
  row("untrained-rm", "Untrained reward model", "Untrained RM", () => ({ "prmu.variant": "untrained" })),
  row("no-user-embeddings", "PRMU w/o user embeddings", "PRMU w/o UE", () => ({
    "prmu.variant": "no_user_embeddings",
  })),
];

/** A variant by its name: the suite's own, else one of these. @throws TagprError `usage` on a name of none */
export function variantOf(name: string, suite: Pick<Suite, "variants">): Trained {
  const own = suite.variants[name];
  if (own !== undefined) return { name, label: own.label, paper: "–", method: own.method, set: () => own.set };
  const known = VARIANTS.find((one) => one.name === name);
  if (known !== undefined) return known;
  const all = [...VARIANTS.map((one) => one.name), ...Object.keys(suite.variants)];
  const near = nearest(name, all);
  throw new TagprError("usage", `no variant ${name}${near === undefined ? "" : ` (did you mean ${near}?)`}`, {
    hint: `Variants: ${all.join(", ")}; give one of your own under \`variants\` in the suite's file.`,
  });
}

/** `{guided.from: base}` as overrides of a config; `from` names them in errors. */
export const overridesOf = (set: Readonly<Record<string, unknown>>, from: string): Override[] =>
  Object.entries(set).map(([path, value]) => ({ path: path.split("."), value, from: `${from} ${path}` }));
