import { z } from "zod";
import { readYaml } from "../core/yaml-file.ts";
import { RETRIEVERS } from "../retrieval/retrieve.ts";

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, "small letters, digits and hyphens, a letter first, 41 characters at most");
const names = z.array(z.string().min(1));
/** LaMP's tasks also as its command lines have them: `LaMP-2`. */
const taskNames = z.array(
  z
    .string()
    .min(1)
    .transform((task) => (task.startsWith("LaMP-") ? task.replaceAll("-", "_") : task)),
);

/** A run of its own beside the suite's: its config with some values put over it, as `--set` would. */
const variant = z.strictObject({
  label: z.string().min(1).describe("Its row in tables."),
  set: z.record(z.string(), z.unknown()).describe("Values over the suite's config: `{rewards.tag: 0}`."),
  method: z.string().default("tagpr").describe("Whose answers its row shows."),
});

/**
 * A suite: what is asked and what is shown of it, one YAML file. Every field is described once, here; `docs/suites.md` is
 * made from it.
 */
export const suiteSchema = z.strictObject({
  name: name.default("suite").describe("Name of the suite, shown on its pages."),
  about: z.string().default("").describe("One sentence for a reader, under the title."),
  config: z
    .string()
    .describe(
      "The config that is trained and asked: a preset (`presets/quickstart.yaml`), or a YAML file, relative to the suite's.",
    ),
  set: z.record(z.string(), z.unknown()).default({}).describe("Values over that config: `{eval.max_tokens: 256}`."),
  show: z.array(z.string()).min(1).describe("What is made, by the names below, in this order; `all` for everything."),
  methods: z
    .union([z.literal("all"), names.min(1)])
    .optional()
    .describe(
      "What is compared, as `eval.methods`; without it the config's own, `all` for every method that the config has.",
    ),
  base: z.string().default("rag-r").describe("The method that gains and significance are against."),
  tasks: taskNames.prefault([]).describe("Tasks that are asked and shown; none named: all of the data."),
  seeds: z
    .array(z.int().nonnegative())
    .default([])
    .describe(
      "Seeds of world, training and sampling, one run each; without any the config's own. Tables show means over them.",
    ),
  profiles: z
    .strictObject({
      methods: names.min(1).default(["tagpr", "sft-r", "rag-r"]).describe("Who is asked with other profiles."),
      k: z.array(z.int().positive()).default([2, 4, 8, 16, 32]).describe("Items shown (Figure 4, top)."),
      retrievers: z
        .array(z.enum(RETRIEVERS))
        .default(["recency", "bm25", "dense", "random"])
        .describe("How they are chosen (Figure 4, bottom)."),
    })
    .prefault({})
    .describe("Of `robustness`: other profiles, one at a time; the rest is as the config has it."),
  generalisation: z
    .strictObject({
      methods: names
        .min(1)
        .default(["rag", "rag-r", "sft", "sft-r", "tagpr"])
        .describe("Who is asked about other data; APIs by their `api-` names."),
      paths: names
        .default([])
        .describe(
          "Folders of other data in LaMP's layout, relative to the suite's file: Dianping's three in the paper.",
        ),
      shapes: names
        .default([])
        .describe(
          "Shapes of the synthetic world that stand beside them (`post_content`): made below the suite's folder, of the config's seed.",
        ),
      users: z.int().positive().default(100).describe("People of each of these shapes, one query each."),
    })
    .prefault({})
    .describe("Of `generalisation`."),
  swap: names.default(["tagpr", "sft-r", "rag-r"]).describe("Of `swap`: who also answers with another user's items."),
  causal: z
    .strictObject({
      methods: names
        .min(1)
        .default(["tagpr", "sft-r", "rag-r"])
        .describe("Whose chains, of those that the suite compares; those without tagged steps show nothing."),
      queries: z.int().positive().default(100).describe("Queries of each task, drawn at random."),
    })
    .prefault({})
    .describe("Of `causal`."),
  ablations: names
    .default(["tagpr-no-sft", "tagpr-no-tag", "tagpr-no-reward", "tagpr-single-stage"])
    .describe("Of `ablation`: methods that are TagPR without a part."),
  rewards: names
    .default(["tagpr-untrained-rm", "tagpr-no-user-embeddings"])
    .describe("Of `reward`: methods that are TagPR with another reward model, and names in `variants`."),
  variants: z.record(name, variant).default({}).describe("Variants of your own, by name, for `rewards`."),
  digits: z.int().min(1).max(6).default(3).describe("Decimals in tables; what is equal in them is a tie."),
});

export type Suite = z.output<typeof suiteSchema>;

/** @throws TagprError `usage` that names `file:line:column` and the nearest known key */
export const loadSuite = (path: string): Suite =>
  readYaml(path, { schema: suiteSchema, keys: "docs/suites.md has every key of a suite" });
