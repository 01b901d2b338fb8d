import { z } from "zod";
import { zipStrict } from "../core/zip.ts";
import { type EndpointOptions, openEndpoint } from "./endpoint.ts";

const reply = z.object({ data: z.array(z.object({ embedding: z.array(z.number()), index: z.number().nullish() })) });
const BATCH = 128;

/** Vectors of texts, `result[i]` for `texts[i]`, from an OpenAI-compatible `/v1/embeddings`. */
export type Embed = (texts: readonly string[]) => Promise<number[][]>;

/** An embeddings endpoint; the engine's own `embed` has the same form once its model is named. */
export function makeEmbedClient(options: EndpointOptions): Embed {
  const endpoint = openEndpoint(options);
  return async (texts) => {
    const batches = Array.from({ length: Math.ceil(texts.length / BATCH) }, (_, b) =>
      texts.slice(b * BATCH, (b + 1) * BATCH),
    );
    const vectors: number[][][] = [];
    await endpoint.each(batches.length, async (b) => {
      const input = batches[b] ?? [];
      const body = await endpoint.api.embeddings.create({
        model: options.model,
        input: [...input],
        encoding_format: "float",
      });
      const rows = reply.parse(body).data;
      const ordered = rows.toSorted((x, y) => (x.index ?? 0) - (y.index ?? 0));
      vectors[b] = zipStrict(input, ordered).map(([, row]) => row.embedding);
    });
    return vectors.flat();
  };
}
