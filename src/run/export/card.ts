import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { stringify } from "yaml";
import { ablated } from "../../core/ablations.ts";
import type { Config } from "../../core/config/schema.ts";
import { readJson } from "../../core/jsonl.ts";
import { readSeal } from "../../core/run-dir.ts";
import { stageOf } from "../../core/stages.ts";
import { readResult } from "../../eval/read-result.ts";
import { type ExportFile, type ModelName, stageOfModel } from "../../model/export-file.ts";
import { styleOf } from "../../model/open.ts";
import type { Checked } from "./check.ts";

/** `tagpr.json` beside the weights: everything the card says, for programs, and how the model is asked. */
export interface Provenance extends ExportFile {
  readonly tagpr: string;
  readonly revision: string | null;
  readonly seed: number;
  /** Trained on the synthetic world: drawn by the run, or read from files of `tagpr data world`. */
  readonly synthetic: boolean;
  /** SHA-256 of the files that it was trained on, by path in the run. */
  readonly data: Readonly<Record<string, string>>;
  readonly check: Checked;
  /** The run's own numbers: `result.json`'s rows for a policy, held-out pair accuracy for the reward model. */
  readonly metrics: unknown;
}

/** Hashes as the data and chains stages sealed them. */
export function dataHashes(run: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const stage of ["data", "chains"])
    for (const [file, hash] of Object.entries(readSeal(run, stage)?.outputs ?? {}))
      if (/\.jsonl$|tags\.json$/.test(file)) hashes[join(stage, file)] = hash;
  return hashes;
}

export function metricsOf(run: string, model: ModelName): unknown {
  if (model === "prmu") {
    const path = join(run, "prmu", "held_out.json");
    return existsSync(path) ? readJson<unknown>(path) : null;
  }
  const result = readResult(run);
  if (result === null) return null;
  const { task, metric, rows, synthetic, seed } = result;
  return { task, metric, synthetic, seed, rows };
}

/** README.md in the hub's form. */
export function modelCard(about: Provenance): string {
  const { model, base, check, data, metrics, config, tags } = about;
  const head = stringify({
    base_model: basename(base),
    library_name: "transformers",
    pipeline_tag: model === "prmu" ? "text-classification" : "text-generation",
    tags: ["tagpr", "personalization", ...(model === "prmu" ? ["reward-model"] : ["reasoning"])],
  });
  const parts = [
    `---\n${head}---\n# ${config.name}: ${titleOf(model, config)}`,
    `Trained by TagPR ${about.tagpr} (revision ${about.revision ?? "unknown"}) from \`${basename(base)}\`, seed ${about.seed}.`,
    model === "prmu" ? REWARD_USE : policyUse(model, config, tags),
    `## Checked at export\n${check.compared} ${model === "prmu" ? "logits" : "log-probs"} of the run's own model against this folder, opened by plain transformers in fp32: largest difference ${check.largest.toExponential(1)} (${check.tolerance} is allowed).`,
    `## Numbers\n${about.synthetic ? "From a synthetic world, not from people.\n" : ""}${block("json", metrics === null ? "none: the run was not evaluated" : JSON.stringify(metrics, null, 2))}`,
    `## Data\nSHA-256 of the run's files:\n${block(
      "",
      Object.entries(data)
        .map(([file, hash]) => `${hash}  ${file}`)
        .join("\n"),
    )}`,
    `## Config\n${block("yaml", stringify(config).trimEnd())}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

const block = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

const TITLES: Readonly<Record<string, string>> = {
  explore: "policy after exploratory RL",
  prlm: "policy after RL with PrLM's rewards, without SFT",
  "prlm-sft": "policy after RL with PrLM's rewards, from SFT",
  guided: "policy after guided RL",
  rejection: "policy after SFT on its own right samples",
  gold: "policy after SFT on true answers, without reasoning",
  "gold-full": "policy after SFT on all true answers, without reasoning",
};

const LEARNT: Readonly<Record<Config["sft"]["form"], string>> = {
  tagged: "tagged chains",
  untagged: "chains without tags",
  gold: "true answers, without reasoning",
};

function titleOf(model: ModelName, config: Config): string {
  if (model === "prmu") return "reward model with user embeddings (PRMU)";
  const { stage, ablation } = stageOf(stageOfModel(model));
  const { sft, guided } = ablated(config, ablation);
  if (stage === "sft") return `policy after SFT on ${LEARNT[sft.form]}`;
  const from = (stage === "guided" || stage === "explore") && guided.from === "base" ? ", without SFT" : "";
  return `${TITLES[stage]}${from}${ablation === null || ablation === "no-sft" ? "" : ` (the ablation ${ablation})`}`;
}

function policyUse(model: Exclude<ModelName, "prmu">, whole: Config, tags: readonly string[]): string {
  const stage = stageOfModel(model);
  const { sft } = ablated(whole, stageOf(stage).ablation);
  const files = "`tagpr.json` holds the config that the prompts were made with.";
  const { reasoning, tags: own } = styleOf(whole, stage, tags);
  if (!reasoning)
    return `It reads a user's history and a query and answers at once. Turn thinking off in the chat template (\`enable_thinking=False\`); ${files}`;
  const named = own.length > 0 ? ` Its prompts name the tags ${own.map((tag) => `\`${tag}\``).join(", ")}.` : "";
  const steps = sft.form === "tagged" && stage !== "prlm" ? "in tagged steps" : "in steps without tags";
  return `It reads a user's history and a query, thinks ${steps} between \`<think>\` and \`</think>\`, then answers.${named} Turn thinking on in the chat template (\`enable_thinking=True\`); ${files}`;
}

const REWARD_USE = `It scores a response for one user: prompt, response and end-of-turn token in, one logit out, read at the last token. \`user_embeddings.safetensors\` holds a row a user (\`users.json\`: task/user → row; row 0 for anybody else), which goes in front as one soft token. \`scorer.json\` holds the mean and spread that centre a logit. The table is personal data: whoever has it can tell who was in the training set.

${block(
  "python",
  `embedded = model.get_input_embeddings()(ids)                       # [1, T, D]
row = users[users_json.get("TASK/USER", 0)].view(1, 1, -1)         # without a table: leave this out
logit = model(inputs_embeds=torch.cat([row, embedded], 1)).logits[0, 0]`,
)}`;
