import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { cachedEmbed } from "../../retrieval/embed-cache.ts";
import type { Embed } from "../../retrieval/retrieve.ts";
import { identity } from "../key.ts";
import type { Outside, StageContext } from "../stage.ts";

/** Embeds by the run's model. Vectors are kept in the run's cache, whichever stage asked for them. */
export function openEmbed(context: Pick<StageContext, "config" | "run" | "engines" | "modelDir">): Embed {
  const { config, run, engines } = context;
  const embed: Embed = async (texts) => (await engines.embeddings()).embed(config.engines.embeddings_model, texts);
  return cachedEmbed(embed, join(run, "cache", "embeddings.jsonl"), () => embedderIdentity(config, context));
}

/** What vectors hang on: here the content of the model's folder and its numbers, elsewhere the address and the name. */
export const embedderIdentity: Outside = async ({ engines }, { modelDir }) => {
  const { embeddings, embeddings_model: model } = engines;
  return embeddings.kind === "embedded"
    ? { model: await identity(await modelDir(model)), dtype: embeddings.dtype }
    : { url: embeddings.url, model };
};

/** For the key of a stage: the content of an embedding model that is a folder; undefined of one that has a name. */
export const embedderFolder = async ({ engines }: Config): Promise<unknown> =>
  engines.embeddings.kind === "embedded" && existsSync(engines.embeddings_model)
    ? identity(engines.embeddings_model)
    : undefined;
