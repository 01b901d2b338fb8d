import { z } from "zod";
import { LIMITS } from "./limits.ts";

/** A field of OpenAI's that is taken only where it changes nothing. */
const only = <const T extends string | number | boolean>(value: T) =>
  z
    .literal(value, { error: () => `is not served: leave it out, or give ${JSON.stringify(value)}` })
    .nullish()
    .describe(`Not served: ${JSON.stringify(value)} alone is taken.`);
const none = () =>
  z
    .unknown()
    .refine((value) => value == null || (typeof value === "object" && Object.keys(value).length === 0), {
      error: () => "is not served: leave it out",
    })
    .optional()
    .describe("Not served: null or empty alone is taken.");

const text = z.union([
  z.string(),
  z
    .array(z.strictObject({ type: z.literal("text", { error: () => "only text is read" }), text: z.string() }))
    .min(1)
    .transform((parts) => parts.map((part) => part.text).join("")),
]);

const userMessage = z.strictObject({ role: z.literal("user"), content: text, name: only("") });
const assistantMessage = z.strictObject({
  role: z.literal("assistant"),
  content: z.union([text, z.null()]).default(null).describe("The answer that was given."),
  reasoning_content: z.string().nullish().describe("Taken and left out of the prompt: a chain belongs to one answer."),
  ...{
    name: only(""),
    refusal: only(""),
    audio: none(),
    annotations: none(),
    tool_calls: none(),
    function_call: none(),
  },
});

const message = z
  .discriminatedUnion("role", [userMessage, assistantMessage], {
    error: (issue) =>
      issue.code === "invalid_union"
        ? "takes the roles user and assistant: a model of TagPR has its system prompt from its training, and no tools"
        : undefined,
  })
  .describe("What was said, in turns; the last is the query.");

/** What TagPR asks beyond OpenAI's fields. */
const own = z.strictObject({
  items: z
    .array(z.record(z.string(), z.unknown()))
    .max(LIMITS.items)
    .optional()
    .describe("The history: flat objects with the task's item fields, and date and id where there are any."),
  user: z.string().min(1).optional().describe("Whose history, of the users of --store or --data; before `user`."),
  task: z.string().min(1).optional().describe("Which of the model's tasks; default: its first."),
});

/** A request for chat completions: OpenAI's fields that are honoured, and those that are taken where they change nothing. */
export const chatRequest = z
  .strictObject({
    model: z.string().optional().describe("One of /v1/models; default: the first."),
    messages: z.array(message).min(1).max(LIMITS.messages),
    stream: z.boolean().nullish().describe("Server-sent events."),
    stream_options: z
      .strictObject({
        include_usage: z.boolean().optional().describe("A last chunk without choices that holds the usage."),
        include_obfuscation: only(false),
      })
      .nullish(),
    n: z.int().min(1).max(LIMITS.choices).nullish().describe("Choices; default 1."),
    temperature: z.number().min(0).max(2).nullish().describe("Default 0, the likeliest answer; 1 where n is above 1."),
    top_p: z.number().gt(0).max(1).nullish().describe("Default 1."),
    seed: z.int().min(0).nullish().describe("Equal seeds give equal answers; default: drawn."),
    max_tokens: z.int().min(1).nullish().describe("Of chain and answer; default: as the model is evaluated."),
    max_completion_tokens: z.int().min(1).nullish().describe("The newer name of max_tokens."),
    stop: z
      .union([
        z.string().min(1).max(LIMITS.stopLength),
        z.array(z.string().min(1).max(LIMITS.stopLength)).max(LIMITS.stops),
      ])
      .nullish()
      .describe("Ends the answer before the text; the chain may hold it."),
    user: z.string().min(1).nullish().describe("With --store or --data: whose history, unless tagpr.items is given."),
    safety_identifier: z.string().min(1).nullish().describe("As user, and before it."),
    metadata: z
      .record(z.string(), z.string())
      .nullish()
      .describe("user_id: as user, and after it; the rest is left alone."),
    tagpr: own.optional(),
    ...{ frequency_penalty: only(0), presence_penalty: only(0), logprobs: only(false), top_logprobs: only(0) },
    ...{ logit_bias: none(), tools: none(), functions: none(), modalities: z.tuple([z.literal("text")]).nullish() },
    response_format: z.strictObject({ type: only("text") }).nullish(),
    ...{ store: only(false), parallel_tool_calls: only(true), tool_choice: only("none") },
    service_tier: only("auto"),
  })
  .describe("A request for chat completions.");
export type ChatRequest = z.output<typeof chatRequest>;

export const embeddingsRequest = z
  .strictObject({
    model: z.string().optional().describe("The embedding model of /v1/models; default: that one."),
    input: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(LIMITS.texts)], {
        error: () => "must be a text, or a list of texts: tokens are not taken",
      })
      .describe("What is embedded."),
    encoding_format: z.enum(["float", "base64"]).nullish().describe("base64: little-endian float32."),
    dimensions: none(),
    user: z.string().nullish().describe("Taken, and left alone."),
  })
  .describe("A request for embeddings.");

const cut = z.strictObject({
  item: z.string().describe("An item's id, `input` for the query, `turn 1` for an earlier turn."),
  field: z.string().nullable().describe("Null where it was left out whole."),
  from: z.int().describe("Tokens before; estimated for a text far beyond the prompt's budget."),
  to: z.int().describe("Tokens after."),
});

/** What an answer was made of. */
const shown = z
  .strictObject({
    task: z.string(),
    user: z.string().nullable(),
    history: z.int().describe("Items of the whole history."),
    retriever: z.strictObject({ name: z.string(), k: z.int() }),
    items: z
      .array(
        z.strictObject({
          number: z.int().describe("As the prompt and the chain call it: [3]."),
          id: z.string(),
          date: z.string().optional(),
          fields: z.record(z.string(), z.string()),
          score: z.number().nullable().describe("What the retriever chose it by; null where that has no score."),
        }),
      )
      .describe("Those that the prompt holds, oldest first."),
    cuts: z.array(cut).describe("What was taken to fit the prompt's budget."),
    prompt_tokens: z.int(),
  })
  .describe("What the answer was made of.");

const statement = z.strictObject({
  text: z.string(),
  kind: z.enum(["item", "history", "quote"]),
  fault: z.string().nullable().describe("What is wrong with it."),
});

const said = z
  .strictObject({
    index: z.int().describe("Of the choice."),
    tags: z.array(z.string()).describe("Of the steps, in order."),
    steps: z.array(
      z.strictObject({
        tag: z.string().nullable(),
        text: z.string(),
        stated: z.int().describe("Statements about the history that can be checked."),
        false: z.array(statement).describe("Those that are not so."),
      }),
    ),
    answer: z.string().nullable().describe("Read strictly; null when unreadable."),
    read: z.string().describe('Read leniently; "" when nothing can be read.'),
    fault: z.string().nullable().describe("The first thing in its form that is not clean."),
    tokens: z.int(),
  })
  .describe("How one choice came about.");

/** Why this answer: beside OpenAI's fields of a response; in a stream `shown` comes with the first chunk, `said` with the last choice's end. */
export const why = z.strictObject({
  ...{ shown: shown.optional(), said: z.array(said).optional() },
  kept: z.boolean().optional().describe("Whether feedback can be given on it (POST /v1/feedback), with its id."),
});
export type Why = z.output<typeof why>;

const usage = z.strictObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
export type Usage = z.output<typeof usage>;

export const chatResponse = z
  .strictObject({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: z.int().describe("Seconds since 1970."),
    model: z.string(),
    choices: z.array(
      z.strictObject({
        index: z.int(),
        message: z.strictObject({
          role: z.literal("assistant"),
          content: z.string().describe("The answer."),
          reasoning_content: z.string().describe("The chain, with its tags."),
          refusal: z.null(),
        }),
        finish_reason: z.enum(["stop", "length"]),
        logprobs: z.null(),
      }),
    ),
    usage,
    tagpr: why.required(),
  })
  .describe("Chat completions.");
export type ChatResponse = z.output<typeof chatResponse>;

export const chatChunk = z
  .strictObject({
    id: z.string(),
    object: z.literal("chat.completion.chunk"),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.strictObject({
        index: z.int(),
        delta: z.strictObject({
          role: z.literal("assistant").optional(),
          content: z.string().optional(),
          reasoning_content: z.string().optional(),
        }),
        finish_reason: z.enum(["stop", "length"]).nullable(),
        logprobs: z.null(),
      }),
    ),
    usage: usage.nullable().optional(),
    tagpr: why.optional(),
  })
  .describe("One server-sent event of a stream; `[DONE]` ends it.");
export type ChatChunk = z.output<typeof chatChunk>;

export const modelList = z
  .strictObject({
    object: z.literal("list"),
    data: z.array(
      z.strictObject({ id: z.string(), object: z.literal("model"), created: z.int(), owned_by: z.literal("tagpr") }),
    ),
  })
  .describe("The models that are served, the default first.");

export const embeddingsResponse = z
  .strictObject({
    object: z.literal("list"),
    data: z.array(
      z.strictObject({
        object: z.literal("embedding"),
        index: z.int(),
        embedding: z.union([z.array(z.number()), z.string()]),
      }),
    ),
    model: z.string(),
    usage: z.strictObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .describe("One vector a text, as the model gives it: not scaled.");

export const errorBody = z
  .strictObject({
    error: z.strictObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable().describe("The field that is at fault."),
      code: z.string().nullable(),
    }),
  })
  .describe("A refusal, in OpenAI's form.");
