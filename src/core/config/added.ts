import { nameThen, rowNamed } from "./method-names.ts";
import type { Config } from "./schema.ts";

/**
 * Settings that younger programs added, and the value at which each changes nothing that was made before. Hashes of a
 * config leave them out there: neither stages nor kept answers are made again for a setting that nobody has set. Whoever
 * adds a setting adds its line; `bench/learning/budgets.test.ts` fails until then.
 */
const ADDED: readonly (readonly [path: string, neutral: (config: Config) => unknown])[] = [
  ...(["guided", "explore"] as const).flatMap((stage) => [
    [`${stage}.loss`, () => "gspo"] as const,
    [`${stage}.advantages`, () => "group"] as const,
    [`${stage}.kl`, ({ [stage]: { kl } }: Config) => ({ ...kl, weight: 0 })] as const,
    [`${stage}.entropy`, ({ [stage]: { entropy } }: Config) => ({ ...entropy, floor: 0 })] as const,
    [`${stage}.rewards`, () => ({ own: {}, of: {} })] as const,
  ]),
  ["data.prmu_from", () => "own"],
  ["rewards.of", () => ({})],
  ["rewards.own", () => ({})],
  ...["teacher", "judge", "tagger"].flatMap((role) => [
    [`${role}.timeout`, (): unknown => 600] as const,
    [`${role}.max_wait`, (): unknown => 300] as const,
  ]),
  ["profile.characters", () => 0],
  ...["sft", "gold", "rejection"].map((stage) => [`${stage}.least_steps`, (): unknown => 0] as const),
  ["sft.small", ({ sft: { small } }) => ({ ...small, under: 0 })],
  ["teacher.rationalize", () => false],
  ["teachers", () => []],
  ["rewards.grounding", () => 0],
  ["eval.samples", () => 0],
  ["eval.temperatures", () => [0]],
  ["choose.guard", () => "auto"],
  ["choose", () => ({ looks: 0 })],
  ["prompt.tags", () => []],
  ["eval.profile", () => ({})],
  ["eval.base", () => "as_prompt"],
  ["eval.paths", () => []],
  ["eval.tasks", () => []],
  ["eval.causal", ({ eval: { causal } }) => ({ ...causal, methods: [] })],
  ["eval.missing", () => "refuse"],
  ...["apis", "own", "predictions"].map((key) => [`eval.${key}`, (): unknown => ({})] as const),
];

/** Sections that only some methods' training reads: left out where none of them is asked. */
const OF_METHODS: readonly (readonly [
  section: "gold" | "rejection" | "pplug" | "hydra" | "prlm",
  methods: readonly string[],
])[] = [
  ["gold", ["sft", "sft-full", "sft-ind"]],
  ["rejection", ["sft-rejection"]],
  ["pplug", ["pplug", "pplug-labels"]],
  ["hydra", ["hydra-adapter"]],
  ["prlm", ["prlm", "prlm-sft"]],
];

/** The config for hashing alone: without what was {@link ADDED} since and changes nothing. */
export function hashable(config: Config): Config {
  const copy = structuredClone(config);
  for (const [path, neutral] of ADDED) drop(copy, path.split("."), JSON.stringify(neutral(config)));
  const methods = config.eval.methods.map(rowNamed);
  for (const [section, of] of OF_METHODS) if (!of.some((name) => methods.includes(name))) drop(copy, [section], null);
  for (const key of ["methods", "swap"] as const) copy.eval[key] = copy.eval[key].map(nameThen);
  return copy;
}

/** Deletes the value at a path where it is written as `only`, or whatever it is. */
function drop(tree: object, path: readonly string[], only: string | null): void {
  const [key = "", ...rest] = path;
  const value: unknown = Reflect.get(tree, key);
  if (rest.length > 0) {
    if (typeof value === "object" && value !== null) drop(value, rest, only);
  } else if (only === null || JSON.stringify(value) === only) Reflect.deleteProperty(tree, key);
}
