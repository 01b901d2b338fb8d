import type { Fetch } from "../../engine/transport.ts";
import { type Served, vllmRefusal } from "./vllm-refusal.ts";

/**
 * How servers of OpenAI's completions differ in what they stream, as far as a client can see it: read from the sources of
 * vLLM and SGLang, whose servers need a GPU, and from llama.cpp's. None of them runs here.
 */
export interface Manner {
  readonly models: readonly string[];
  /** Where the count of tokens comes: in an event of its own without choices, with the last choice, or with each. */
  readonly usage: "own event" | "last" | "each";
  /** Whether the reason of the end comes with the last piece of text, or in an event of its own. */
  readonly finishApart: boolean;
  /** Comments that keep the connection alive. */
  readonly comments: boolean;
  readonly finish: "stop" | "length";
  readonly refuse?: { readonly status: number; readonly words: string };
  /** Which call is refused; default the completions. */
  readonly refuses?: "models";
  readonly breaks?: "error" | "end";
  readonly endless?: boolean;
  /** Looks at a body before it is answered; null: takes it. */
  readonly check?: (body: unknown, models: readonly string[]) => Response | null;
}

/** What the stub with vLLM's manners was started with. */
export const SERVED: Served = { models: ["served"], context: 4096, vocabulary: 1835 };

const COMMON = { models: ["served"], finish: "stop", comments: false } as const;
export const MANNERS: Readonly<Record<"vllm" | "sglang" | "llama.cpp", Manner>> = {
  vllm: {
    ...{ ...COMMON, usage: "own event", finishApart: false },
    check: (body, models) => vllmRefusal(body, { ...SERVED, models }),
  },
  sglang: { ...COMMON, usage: "own event", finishApart: true },
  "llama.cpp": { ...COMMON, usage: "last", finishApart: true, comments: true },
};

export interface Stub {
  readonly fetch: Fetch;
  readonly asked: Record<string, unknown>[];
  /** What each request carried as authorization. */
  readonly keys: (string | undefined)[];
  /** Answers that were read to their end or let go. */
  ended: number;
}

const PIECES = ["<think>\n", "漢字", " 😀", "</think>", " so"];
const TOKENS = 9;

export function stubServer(manner: Manner): Stub {
  const stub: Stub = {
    asked: [],
    keys: [],
    ended: 0,
    fetch: async (url, { headers, body, signal }) => {
      stub.keys.push((headers as Record<string, string>).authorization);
      const models = url.endsWith("/v1/models");
      if (manner.refuse !== undefined && models === (manner.refuses === "models"))
        return Response.json({ error: { message: manner.refuse.words } }, { status: manner.refuse.status });
      if (models) return Response.json({ object: "list", data: manner.models.map((id) => ({ id, object: "model" })) });
      const asked = JSON.parse(String(body)) as Record<string, unknown>;
      stub.asked.push(asked);
      const refused = manner.check?.(asked, manner.models) ?? null;
      if (refused !== null) return refused;
      return { status: 200, headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(), body: answer(signal) };
    },
  };
  async function* answer(signal: AbortSignal | null | undefined): AsyncGenerator<Uint8Array> {
    try {
      for (const event of events(manner)) {
        // Bytes are cut anywhere, in the middle of a character too.
        const bytes = new TextEncoder().encode(event);
        for (const part of [bytes.slice(0, 31), bytes.slice(31)]) {
          await Promise.resolve();
          signal?.throwIfAborted();
          yield part;
        }
      }
    } finally {
      stub.ended++;
    }
  }
  return stub;
}

function* events({ usage, finishApart, comments, finish, breaks, endless }: Manner): Generator<string> {
  const event = (value: object): string =>
    `data: ${JSON.stringify({ id: "c", object: "text_completion", ...value })}\n\n`;
  const choice = (text: string, reason: string | null): object => ({
    index: 0,
    text,
    logprobs: null,
    finish_reason: reason,
  });
  const count = { prompt_tokens: 3, completion_tokens: TOKENS, total_tokens: 12 };
  for (const [i, text] of PIECES.entries()) {
    if (comments) yield ": keep-alive\n\n";
    const last = i === PIECES.length - 1;
    if (breaks !== undefined && i === 2) {
      if (breaks === "error") yield `data: ${JSON.stringify({ error: { message: "out of memory", code: 500 } })}\n\n`;
      return;
    }
    yield event({ choices: [choice(text, last && !finishApart ? finish : null)] });
  }
  while (endless) yield event({ choices: [choice("more", null)] });
  if (finishApart) yield event({ choices: [choice("", finish)], ...(usage === "last" ? { usage: count } : {}) });
  if (usage === "own event") yield event({ choices: [], usage: count });
  yield "data: [DONE]\n\n";
}
