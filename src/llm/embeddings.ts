import { z } from "zod";
import { vectorsFault } from "../core/vectors.ts";
import { type Endpoint, type EndpointOptions, openEndpoint } from "./endpoint.ts";
import { endpointError } from "./errors.ts";

const row = z.object({ embedding: z.array(z.number()), index: z.number().nullish().catch(null) });
const reply = z.object({ data: z.array(row) });
/** Texts a request; fewer where a service wants fewer. */
const BATCH = 256;

/** Vectors of texts, `result[i]` for `texts[i]`. */
export type Embed = (texts: readonly string[]) => Promise<number[][]>;

/**
 * Any provider of OpenAI's `/v1/embeddings`, whose base URL may leave `/v1` out; by the model's name. An answer of another
 * length, of several widths or with numbers that are not finite is no answer. A refused list of texts is asked for in halves.
 */
export function makeEmbedClient(
  options: Omit<EndpointOptions, "model">,
): (model: string, texts: readonly string[]) => Promise<number[][]> {
  const url = /\/v\d/.test(options.url) ? options.url : `${options.url.replace(/(?<!\/)\/+$/, "")}/v1`;
  const endpoints = new Map<string, Endpoint>();
  let most = BATCH;
  const ask = async (endpoint: Endpoint, input: readonly string[]): Promise<number[][]> => {
    if (input.length > most) return halves(endpoint, input);
    const asked = await endpoint.ask({
      path: "embeddings",
      body: { model: endpoint.name.model, input, encoding_format: "float" },
      read: (body) => readVectors(body, input.length),
    });
    if ("value" in asked) return asked.value;
    if (asked.end.kind !== "refused" || input.length === 1)
      throw endpointError(endpoint.name, asked.end, endpoint.worked);
    most = Math.min(most, Math.ceil(input.length / 2));
    return halves(endpoint, input);
  };
  const halves = async (endpoint: Endpoint, input: readonly string[]): Promise<number[][]> => {
    const middle = Math.ceil(input.length / 2);
    return [...(await ask(endpoint, input.slice(0, middle))), ...(await ask(endpoint, input.slice(middle)))];
  };
  return async (model, texts) => {
    const endpoint = endpoints.get(model) ?? openEndpoint({ ...options, url, model });
    endpoints.set(model, endpoint);
    const vectors: number[][][] = [];
    await endpoint.each(Math.ceil(texts.length / BATCH), async (b) => {
      vectors[b] = await ask(endpoint, texts.slice(b * BATCH, (b + 1) * BATCH));
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
