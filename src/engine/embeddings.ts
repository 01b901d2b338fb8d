import { TagprError } from "../core/errors.ts";
import { withoutSecrets } from "../core/secrets.ts";
import { vectorsFault } from "../core/vectors.ts";
import { sendJson, type Transport } from "./transport.ts";

/** Texts a request; providers refuse very long lists. */
const BATCH = 256;

/**
 * Vectors from one of our engines, which speaks OpenAI's `/v1/embeddings` beside Tinker. One a text, as the model gives it: not
 * scaled, since Contriever's are compared by their dot product.
 */
export async function embedTexts(transport: Transport, model: string, texts: readonly string[]): Promise<number[][]> {
  const headers = { Authorization: `Bearer ${transport.key}` };
  const vectors: number[][] = [];
  for (let i = 0; i < texts.length; i += BATCH) {
    const input = texts.slice(i, i + BATCH);
    const { data } = await sendJson<{ data: { index: number; embedding: number[] }[] }>(transport, {
      path: "/v1/embeddings",
      headers,
      body: { model, input },
      repeatable: true,
    });
    const rows = [...data].sort((a, b) => a.index - b.index).map((row) => row.embedding);
    const fault = vectorsFault(rows, input.length);
    if (fault !== null)
      throw new TagprError("engine", `the engine at ${withoutSecrets(transport.url)} gave ${fault}, for embeddings`, {
        hint: `Is ${model} an embedding model? Set engines.embeddings_model.`,
      });
    vectors.push(...rows);
  }
  return vectors;
}
