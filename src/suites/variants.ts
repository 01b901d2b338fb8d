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

/** Sums of shares like 0.4 + 0.1 are not exact. */
const sum = (a: number, b: number): number => Math.round((a + b) * 1e9) / 1e9;

const row = (name: string, label: string, paper: string, set: Trained["set"]): Trained => ({
  ...{ name, label, paper, set },
  method: "tagpr",
});

/** What the paper takes away one at a time (Table 1, section 4.3; Table 3). */
export const VARIANTS: readonly Trained[] = [
  row("no-sft", "TagPR w/o SFT", "TagPR w/o SFT", () => ({ "guided.from": "base" })),
  row("no-tag", "TagPR w/o Tag", "TagPR w/o Tag", () => ({ "rewards.tag": 0 })),
  row("no-reward", "TagPR w/o Reward", "TagPR w/o Reward", () => ({ "prmu.variant": "none" })),
  row("single-stage", "TagPR, one RL stage", "–", ({ guided, explore }) => ({
    "guided.epochs": sum(guided.epochs, explore.epochs),
    "explore.epochs": 0,
  })),
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
