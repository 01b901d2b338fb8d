import { z } from "zod";
import { vectorsFault } from "../core/vectors.ts";
import { type Endpoint, type EndpointOptions, openEndpoint } from "./endpoint.ts";
import { endpointError } from "./errors.ts";

const row = z.object({ embedding: z.array(z.number()), index: z.number().nullish().catch(null) });
const reply = z.object({ data: z.array(row) });
const BATCH = 128;

/** Vectors of texts, `result[i]` for `texts[i]`. */
export type Embed = (texts: readonly string[]) => Promise<number[][]>;

/**
 * Any provider of OpenAI's `/v1/embeddings`, whose base URL may leave `/v1` out; by the model's name. An answer of another
 * length, of several widths or with numbers that are not finite is no answer.
 */
export function makeEmbedClient(
  options: Omit<EndpointOptions, "model">,
): (model: string, texts: readonly string[]) => Promise<number[][]> {
  const url = /\/v\d/.test(options.url) ? options.url : `${options.url.replace(/\/+$/, "")}/v1`;
  const endpoints = new Map<string, Endpoint>();
  return async (model, texts) => {
    const endpoint = endpoints.get(model) ?? openEndpoint({ ...options, url, model });
    endpoints.set(model, endpoint);
    const batches = Array.from({ length: Math.ceil(texts.length / BATCH) }, (_, b) =>
      texts.slice(b * BATCH, (b + 1) * BATCH),
    );
    const vectors: number[][][] = [];
    await endpoint.each(batches.length, async (b) => {
      const input = batches[b] ?? [];
      const asked = await endpoint.ask({
        path: "embeddings",
        body: { model, input, encoding_format: "float" },
        read: (body) => readVectors(body, input.length),
      });
      if ("end" in asked) throw endpointError(endpoint.name, asked.end, endpoint.worked);
      vectors[b] = asked.value;
    });
    return vectors.flat();
  };
}

/** In the order of the texts, as their numbers say, or as they stand where they have none. */
function readVectors(body: unknown, count: number): number[][] {
  const read = reply.safeParse(body);
  if (!read.success) {
    const { path = [], message = "" } = read.error.issues[0] ?? {};
    throw new Error(`no embeddings (${path.join(".")}: ${message})`);
  }
  const rows = read.data.data;
  const numbered = new Set(rows.map(({ index }) => index)).size === rows.length;
  const ordered = numbered ? rows.toSorted((x, y) => (x.index ?? 0) - (y.index ?? 0)) : rows;
  const vectors = ordered.map(({ embedding }) => embedding);
  const fault = vectorsFault(vectors, count);
  if (fault !== null) throw new Error(fault);
  return vectors;
}
