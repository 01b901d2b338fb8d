import { TagprError } from "../core/errors.ts";
import { sendJson, type Transport } from "./transport.ts";

/** Texts a request; providers refuse very long lists. */
const BATCH = 256;

/**
 * OpenAI's `/v1/embeddings`, ours or any provider's; `url` may or may not end with `/v1`. One vector a text, as the model gives
 * it: not scaled, since Contriever's are compared by their dot product.
 */
export async function embedTexts(transport: Transport, model: string, texts: readonly string[]): Promise<number[][]> {
  const path = transport.url.endsWith("/v1") ? "/embeddings" : "/v1/embeddings";
  const headers = { Authorization: `Bearer ${transport.key}` };
  const vectors: number[][] = [];
  for (let i = 0; i < texts.length; i += BATCH) {
    const input = texts.slice(i, i + BATCH);
    const { data } = await sendJson<{ data: { index: number; embedding: number[] }[] }>(transport, {
      path,
      headers,
      body: { model, input },
      repeatable: true,
    });
    if (data.length !== input.length)
      throw new TagprError("engine", `${transport.url} embedded ${data.length} of ${input.length} texts`);
    vectors.push(...[...data].sort((a, b) => a.index - b.index).map((row) => row.embedding));
  }
  return vectors;
}
