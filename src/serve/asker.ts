import type { Engines } from "../engine/engines.ts";
import type { OpenedModel } from "../model/open.ts";
import { loadRenderer } from "../prompts/renderer.ts";
import { rememberedEmbed } from "../retrieval/embed-memory.ts";
import type { AnswerTools } from "./answer.ts";
import type { Compute } from "./compute.ts";
import { engineCompute } from "./engine-compute.ts";
import { reopening } from "./reopen.ts";

/** A model with all that it takes to ask it. Engines start with the first question; none samples where `elsewhere` is given. */
export function openAsker(model: OpenedModel, engines: Engines, elsewhere?: Compute): AnswerTools {
  const renderer = loadRenderer(model.modelDir);
  const compute =
    elsewhere ?? reopening(async () => engineCompute(await (await engines.policy()).sampler(model.weights), renderer));
  const { embeddings_model: embedder } = model.config.engines;
  const dense = model.retriever.method === "dense";
  return {
    ...{ model, renderer, compute },
    ...(dense ? rememberedEmbed(async (texts) => (await engines.embeddings()).embed(embedder, texts)) : {}),
  };
}
