import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { Piece } from "../answer.ts";
import { keep } from "../keep.ts";
import { errorOf } from "../refusal.ts";
import type { ChatChunk, Usage } from "../schema.ts";
import type { Service } from "../service.ts";
import { saidOf, shownOf } from "../why.ts";
import type { Turn } from "./admit.ts";
import { type Begun, noteTokens, usageOf } from "./begin.ts";
import { type Noted, noteFault } from "./note.ts";

/** An answer as server-sent events: a chunk a piece, the usage where it is asked for, `[DONE]`; a failure on the way is an event too. */
export function streamChat(
  service: Service,
  c: Context<Noted>,
  begun: Begun,
  { leave }: Turn,
  includeUsage: boolean,
): Response {
  let written = (): void => {};
  c.get("note").writing = new Promise((resolve) => {
    written = resolve;
  });
  return streamSSE(c, async (stream) => {
    const quiet = service.repeat(() => void stream.write(": still here\n\n"), service.limits.heartbeat);
    try {
      for await (const chunk of chunksOf(service, c, begun, includeUsage)) await send(stream, chunk);
      await stream.write("data: [DONE]\n\n");
    } catch (error) {
      await send(stream, errorOf(noteFault(service, c, error)));
    } finally {
      quiet();
      leave();
      written();
    }
  });
}

const send = (stream: SSEStreamingApi, data: object): Promise<unknown> =>
  stream.write(`data: ${JSON.stringify(data)}\n\n`);

type Spoken = ChatChunk["choices"][number];

async function* chunksOf(
  service: Service,
  c: Context<Noted>,
  { id, created, asked, prepared, consenting, first, rest }: Begun,
  includeUsage: boolean,
): AsyncGenerator<ChatChunk> {
  const head = { id, object: "chat.completion.chunk" as const, created, model: asked.name };
  const noUsage = includeUsage ? { usage: null } : {};
  const chunk = (
    choices: Spoken[],
    tagpr?: ChatChunk["tagpr"],
    usage: { usage?: Usage | null } = noUsage,
  ): ChatChunk => ({
    ...{ ...head, choices, ...usage },
    ...(tagpr === undefined ? {} : { tagpr }),
  });
  const { n } = asked.drawing;
  for (let index = 0; index < n; index++)
    yield chunk(
      [spoken(index, { role: "assistant", content: "" })],
      index === 0 ? { shown: shownOf(prepared.shown) } : undefined,
    );
  let ended = 0;
  let last: Piece | null = null;
  let next = first;
  for (; next.done !== true; next = await rest.next()) {
    const piece = next.value;
    if (piece.finish !== null) ended++;
    // What the answer said is known, and told, with the end of the last choice.
    if (ended === n && piece.finish !== null) last = piece;
    else if (says(piece)) yield chunk([spokenOf(piece)]);
  }
  const choices = next.value;
  const usage = usageOf(prepared, choices);
  noteTokens(service, c, usage);
  // Before the client knows its answer whole: feedback may come at once.
  const kept = await keep(service, consenting, id, prepared, choices);
  if (last !== null) yield chunk([spokenOf(last)], { said: saidOf(choices), kept });
  if (includeUsage) yield chunk([], undefined, { usage });
}

const says = ({ reasoning, content, finish }: Piece): boolean => reasoning !== "" || content !== "" || finish !== null;

const spokenOf = ({ choice, reasoning, content, finish }: Piece): Spoken =>
  spoken(
    choice,
    {
      ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
      ...(content === "" ? {} : { content }),
    },
    finish,
  );

const spoken = (index: number, delta: Spoken["delta"], finish: Spoken["finish_reason"] = null): Spoken => ({
  ...{ index, delta, finish_reason: finish, logprobs: null },
});
