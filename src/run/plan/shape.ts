import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TagprError } from "../../core/errors.ts";
import { readJson } from "../../core/jsonl.ts";

/** The sizes of a decoder (Qwen3, Llama and their like) that cost hangs on; names as in a Hugging Face `config.json`. */
const shapeSchema = z.object({
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().optional(),
  head_dim: z.int().positive().optional(),
  vocab_size: z.int().positive(),
  tie_word_embeddings: z.boolean().default(false),
});

export interface Shape {
  readonly width: number;
  readonly inner: number;
  readonly layers: number;
  /** Query heads × their width, and key/value heads × their width. */
  readonly queryWidth: number;
  readonly keyWidth: number;
  readonly vocab: number;
  readonly tied: boolean;
}

const shape = (
  [width, inner, layers]: readonly [number, number, number],
  [queryWidth, keyWidth]: readonly [number, number],
  vocab: number,
  tied: boolean,
): Shape => ({ width, inner, layers, queryWidth, keyWidth, vocab, tied });

/** Published shapes of the models that the presets name, so that a plan needs neither weights nor network. */
const KNOWN: Readonly<Record<string, Shape>> = {
  "qwen3-8b": shape([4096, 12288, 36], [4096, 1024], 151_936, false),
  "qwen3-1.7b": shape([2048, 6144, 28], [2048, 1024], 151_936, true),
  "qwen3-0.6b": shape([1024, 3072, 28], [2048, 1024], 151_936, true),
  "skywork-reward-v2-qwen3-0.6b": shape([1024, 3072, 28], [2048, 1024], 151_936, true),
  "smollm2-135m-instruct": shape([576, 1536, 30], [576, 192], 49_152, true),
};

/** Shape of a model folder, of a name whose shape is published, or of whatever folder `locate` finds for the name. */
export async function shapeOf(model: string, locate: (name: string) => Promise<string>): Promise<Shape> {
  const own = join(model, "config.json");
  if (existsSync(own)) return readShape(own);
  const known = KNOWN[(model.split("/").at(-1) ?? "").toLowerCase()];
  return known ?? readShape(join(await locate(model), "config.json"));
}

function readShape(path: string): Shape {
  const read = shapeSchema.safeParse(readJson<unknown>(path));
  if (!read.success)
    throw new TagprError("data", `${path}: ${z.prettifyError(read.error).split("\n")[0]}`, {
      hint: "A plan reads the sizes of a decoder from it: hidden_size, num_hidden_layers and so on.",
    });
  const c = read.data;
  const head = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  return shape(
    [c.hidden_size, c.intermediate_size, c.num_hidden_layers],
    [c.num_attention_heads * head, (c.num_key_value_heads ?? c.num_attention_heads) * head],
    c.vocab_size,
    c.tie_word_embeddings,
  );
}

/** Matrix parameters of one layer: q, k, v, o and the three of a gated MLP. Norms are left out (under 0.1%). */
const layerParameters = (s: Shape): number => s.width * (2 * s.queryWidth + 2 * s.keyWidth) + 3 * s.width * s.inner;

/** Parameters of the layers, which every token passes. */
export const bodyParameters = (s: Shape): number => s.layers * layerParameters(s);

export const parameters = (s: Shape): number => bodyParameters(s) + s.vocab * s.width * (s.tied ? 1 : 2);

/** Parameters of adapters of `rank` on the projections of attention and MLP; a policy has them on its unembedding too. */
export const adapterParameters = (s: Shape, rank: number, { unembedding }: { unembedding: boolean }): number =>
  s.layers * rank * (2 * (s.width + s.queryWidth) + 2 * (s.width + s.keyWidth) + 3 * (s.width + s.inner)) +
  (unembedding ? rank * (s.width + s.vocab) : 0);

/** Parameters of the layer that is gathered whole on each device under FSDP. */
export const largestLayer = (s: Shape): number => Math.max(layerParameters(s), s.vocab * s.width);

/**
 * FLOPs of a forward pass over `tokens` that stand behind `context` others: 2 a parameter and token, and attention's
 * QKᵀ and AV, 2 each a unit of query width and looked-at token (Kaplan et al. 2020, Table 1; causal, so half of the
 * tokens' own square). `logits` tokens pass the output head as well.
 */
export function forwardFlops(s: Shape, tokens: number, context: number, logits: number): number {
  const looked = tokens * context + (tokens * tokens) / 2;
  return 2 * bodyParameters(s) * tokens + 4 * s.layers * s.queryWidth * looked + 2 * s.vocab * s.width * logits;
}

/** Bytes of keys and values that one token leaves in a cache of `bytes` a number. */
export const cacheBytes = (s: Shape, bytes: number): number => 2 * s.layers * s.keyWidth * bytes;
