/** Every method of the evaluation, one file each; `docs/methods.md` is made from this table. */

import { isEmpty } from "../core/ablations.ts";
import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { type AblationName, stageOf } from "../core/stages.ts";
import { nearest } from "../core/yaml-file.ts";
import type { Method, Preparing } from "../eval/types.ts";
import { configuredMethod, configuredNames } from "./configured.ts";
import { guided } from "./guided.ts";
import { hydraAdapter } from "./hydra-adapter.ts";
import { model } from "./model.ts";
import { modelR } from "./model-r.ts";
import { overSamples, partsOf } from "./over-samples.ts";
import { pag } from "./pag.ts";
import { pagR } from "./pag-r.ts";
import { pplug } from "./pplug.ts";
import { pplugLabels } from "./pplug-labels.ts";
import { prlm } from "./prlm.ts";
import { prlmSft } from "./prlm-sft.ts";
import { r2p } from "./r2p.ts";
import { rag } from "./rag.ts";
import { ragR } from "./rag-r.ts";
import { sft } from "./sft.ts";
import { sftFull } from "./sft-full.ts";
import { sftInd } from "./sft-ind.ts";
import { sftIndR } from "./sft-ind-r.ts";
import { sftR, sftRAs } from "./sft-r.ts";
import { sftRejection } from "./sft-rejection.ts";
import { tagpr } from "./tagpr.ts";
import { tagprNoReward } from "./tagpr-no-reward.ts";
import { tagprNoSft } from "./tagpr-no-sft.ts";
import { tagprNoTag } from "./tagpr-no-tag.ts";
import { tagprNoUserEmbeddings } from "./tagpr-no-user-embeddings.ts";
import { tagprSingleStage } from "./tagpr-single-stage.ts";
import { tagprUntagged } from "./tagpr-untagged.ts";
import { tagprUntrainedRm } from "./tagpr-untrained-rm.ts";
import { zeroShot } from "./zero-shot.ts";
import { zeroShotR } from "./zero-shot-r.ts";

/** In the order of the tables. */
export const METHODS: readonly Method[] = [
  ...[zeroShot, zeroShotR, rag, ragR, pag, pagR, r2p],
  ...[sft, sftFull, sftInd, sftR, sftIndR, sftRejection],
  ...[pplug, pplugLabels, hydraAdapter, prlm, prlmSft],
  ...[guided, tagprNoSft, tagprNoTag, tagprNoReward, tagprSingleStage, tagprUntagged],
  ...[tagprUntrainedRm, tagprNoUserEmbeddings, tagpr],
  ...[model, modelR],
];

export const METHOD_NAMES: readonly string[] = METHODS.map(({ name }) => name);

/**
 * The method of a name in `eval.methods`, as this config trains it.
 * @throws TagprError `usage` on a name that stands for none
 */
export function methodOf(name: string, config: Config): Method {
  const parts = partsOf(name);
  if (parts !== null) return overSamples(name, methodOf(parts.of, config));
  const method = METHODS.find((one) => one.name === name);
  if (method === undefined) return configuredMethod(name, config) ?? noMethod(name, config);
  if (name === "sft-r") return sftRAs(config.sft.form);
  return method === model || method === modelR ? { ...method, label: config.name } : method;
}

/** The ablations that methods of the config answer from. */
export const ablationsOf = (config: Config): AblationName[] => [
  ...new Set(methodsOf(config).flatMap((method) => ablationOf(method) ?? [])),
];

/** Which ablation of TagPR a row is; null where it is none. */
export const ablationOf = ({ trains }: Method): AblationName | null =>
  trains.map((stage) => stageOf(stage).ablation).find((ablation) => ablation !== null) ?? null;

/**
 * All that can be compared of a config: `model` and `model-r` are for a model that is given alone, and what the config does
 * without anyway can't be taken away.
 */
export const allNames = (config: Config): string[] => [
  ...METHODS.filter((method) => {
    const ablation = ablationOf(method);
    return method !== model && method !== modelR && (ablation === null || !isEmpty(config, ablation));
  }).map(({ name }) => name),
  ...["rag/majority@8", "rag-r/majority@8", "sft-r/majority@8", "tagpr/majority@8", "sft-r/best-of-8"],
  ...configuredNames(config),
];

/** Those of `eval.methods`, in the order of the tables; names that stand in no table come last. */
export function methodsOf(config: Config): Method[] {
  const place = ({ name }: Method): number =>
    METHOD_NAMES.includes(name) ? METHOD_NAMES.indexOf(name) : METHODS.length;
  const methods = [...new Set(config.eval.methods)].map((name) => methodOf(name, config));
  return methods.toSorted((a, b) => place(a) - place(b));
}

/** Stages that hang on no chain: they learn from gold answers or rewards alone. */
const WITHOUT_CHAINS = /^(gold|pplug|hydra|prlm$)/;

/** Whether what it answers with, or what chooses among its answers, was trained on chains; SFT on gold answers was not. */
export const learnsFromChains = ({ trains, scored }: Method): boolean =>
  scored === true || trains.some((stage) => !WITHOUT_CHAINS.test(stage));

/** Methods as they are once the queries are known ({@link Method.prepare}). */
export const prepared = (methods: readonly Method[], preparing: Preparing): Promise<Method[]> =>
  Promise.all(methods.map((method) => method.prepare?.(preparing) ?? method));

function noMethod(name: string, config: Config): never {
  const known = [...METHOD_NAMES, ...configuredNames(config)];
  const near = nearest(name, known);
  const hint =
    name === "sft-gold"
      ? "It is called sft now, as in the paper; what was sft is sft-r."
      : `Methods: ${known.join(", ")}; of samples of one of them ROW/majority@N, ROW/best-of-N.`;
  throw new TagprError(
    "usage",
    `eval.methods: no method ${name}${near === undefined ? "" : ` (did you mean ${near}?)`}`,
    {
      hint,
    },
  );
}
