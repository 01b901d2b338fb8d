import { z } from "zod";

/** What a vLLM server was started with, as far as it refuses by it. */
export interface Served {
  readonly models: readonly string[];
  /** Tokens of prompt and answer together. */
  readonly context: number;
  /** Token ids are below it. */
  readonly vocabulary: number;
}

/**
 * Completions as vLLM takes them (`CompletionRequest` and `SamplingParams`, documented with its OpenAI-compatible server). The ranges are those of
 * vLLM 0.33.0, whose own classes were asked the same. It takes fields that it doesn't know, and says so in its log: here they are
 * refused, since whoever sends one means something by it.
 */
const completion = z
  .strictObject({
    model: z.string(),
    prompt: z.array(z.int().min(0)).min(1),
    max_tokens: z.int().min(1),
    temperature: z.number().min(0).max(2),
    top_p: z.number().gt(0).max(1),
    top_k: z.int().min(-1),
    min_p: z.number().min(0).max(1),
    repetition_penalty: z.number().gt(0),
    seed: z.int(),
    stream: z.boolean(),
    stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
    cache_salt: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[^@/\\\0]*$/)
      .optional(),
  })
  .partial()
  .required({ model: true, prompt: true })
  .refine(({ stream, stream_options: options }) => stream === true || options === undefined, {
    path: ["stream_options"],
    error: "Stream options can only be defined when `stream=True`.",
  });

/** vLLM's answer to a request that it refuses; null where it takes it. */
export function vllmRefusal(body: unknown, { models, context, vocabulary }: Served): Response | null {
  const read = completion.safeParse(body);
  if (!read.success) {
    const { path, message } = read.error.issues[0] ?? { path: [], message: "" };
    return refusal(400, message, path.join(".") || null);
  }
  const { prompt, max_tokens: most = 16, model: asked } = read.data;
  if (!models.includes(asked)) return refusal(404, `The model \`${asked}\` does not exist.`, "model");
  const highest = Math.max(...prompt);
  if (highest >= vocabulary) return refusal(400, `Token id ${highest} is out of vocabulary`, "prompt");
  if (prompt.length + most > context)
    return refusal(400, `This model's maximum context length is ${context} tokens.`, "input_tokens");
  return null;
}

function refusal(status: number, message: string, param: string | null): Response {
  const type = status === 404 ? "NotFoundError" : "BadRequestError";
  return Response.json({ error: { message, type, param, code: status } }, { status });
}
