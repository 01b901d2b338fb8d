import type { Context } from "hono";
import type { z } from "zod";
import { Refused } from "../refusal.ts";
import { embeddingsRequest, type embeddingsResponse } from "../schema.ts";
import type { Service } from "../service.ts";
import { admit } from "./admit.ts";
import { readBody } from "./body.ts";

/** `POST /v1/embeddings`, by the model that a dense retriever looks with. */
export function embeddingsRoute(service: Service) {
  return async (c: Context): Promise<Response> => {
    const { model, input, encoding_format: format } = await readBody(c, embeddingsRequest);
    const { embeddings } = service;
    if (embeddings === null || (model !== undefined && model !== embeddings.model))
      throw new Refused({
        ...{ status: 404, param: "model", code: "model_not_found" },
        message:
          embeddings === null
            ? "model: this server has no embedding model: what it answers with has none, or it is computed elsewhere"
            : `model: there is no embedding model ${JSON.stringify(model)} here; there is ${embeddings.model}`,
      });
    const texts = typeof input === "string" ? [input] : input;
    const { leave } = await admit(service, c);
    try {
      const { vectors, tokens } = await embeddings.embed(texts);
      service.metrics.tokens(tokens, 0);
      const body: z.output<typeof embeddingsResponse> = {
        object: "list",
        data: vectors.map((vector, index) => ({
          ...{ object: "embedding", index },
          embedding: format === "base64" ? base64(vector) : Array.from(vector),
        })),
        model: embeddings.model,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
      return c.json(body);
    } finally {
      leave();
    }
  };
}

/** Little-endian float32, as OpenAI's clients unpack it. */
function base64(vector: ArrayLike<number>): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (let i = 0; i < vector.length; i++) bytes.writeFloatLE(vector[i] ?? 0, 4 * i);
  return bytes.toString("base64");
}
