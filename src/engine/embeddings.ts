import { TagprError } from "../core/errors.ts";
import { withoutSecrets } from "../core/secrets.ts";
import { vectorsFault } from "../core/vectors.ts";
import { sendJson, type Transport } from "./transport.ts";

/** Texts a request; providers refuse very long lists. */
const BATCH = 256;

interface Reply {
  readonly data: readonly { readonly index: number; readonly embedding: number[] }[];
  readonly usage?: { readonly prompt_tokens: number };
}

/**
 * Vectors from one of our engines, which speaks OpenAI's `/v1/embeddings` beside Tinker. One a text, as the model gives it: not
 * scaled, since Contriever's are compared by their dot product.
 * @param told is given the tokens that were read of each part of the texts: a long text is cut at the model's limit
 */
export async function embedTexts(
  transport: Transport,
  model: string,
  texts: readonly string[],
  told?: (tokens: number) => void,
): Promise<number[][]> {
  const headers = { Authorization: `Bearer ${transport.key}` };
  const vectors: number[][] = [];
  for (let i = 0; i < texts.length; i += BATCH) {
    const input = texts.slice(i, i + BATCH);
    const { data, usage } = await sendJson<Reply>(transport, {
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
    told?.(usage?.prompt_tokens ?? 0);
  }
  return vectors;
}
