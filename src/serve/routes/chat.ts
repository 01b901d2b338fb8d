import type { Context } from "hono";
import { keep } from "../keep.ts";
import { checkRate } from "../rate.ts";
import { type ChatResponse, chatRequest } from "../schema.ts";
import type { Service } from "../service.ts";
import { whoAsks } from "../who.ts";
import { saidOf, shownOf } from "../why.ts";
import { admit } from "./admit.ts";
import { type Begun, begin, noteTokens, usageOf } from "./begin.ts";
import { readBody } from "./body.ts";
import { askedOf } from "./chat-asked.ts";
import { streamChat } from "./chat-stream.ts";
import type { Noted } from "./note.ts";

/** `POST /v1/chat/completions`. */
export function chatRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const request = await readBody(c, chatRequest);
    const { stream, stream_options: options } = request;
    const who = whoAsks(c.get("caller"), request);
    const asked = askedOf(service, request, who);
    if (who !== null) await checkRate(service, "user", who.user);
    const turn = await admit(service, c);
    try {
      const begun = await begin(service, c, asked, turn);
      if (stream === true) return streamChat(service, c, begun, turn, options?.include_usage === true);
      const body = await whole(service, begun);
      noteTokens(service, c, body.usage);
      turn.leave();
      return c.json(body);
    } catch (error) {
      turn.leave();
      throw error;
    }
  };
}

async function whole(service: Service, begun: Begun): Promise<ChatResponse> {
  const { id, created, asked, prepared, consenting, first, rest } = begun;
  let next = first;
  while (next.done !== true) next = await rest.next();
  const choices = next.value;
  return {
    ...{ id, object: "chat.completion", created, model: asked.name },
    choices: choices.map(({ index, reasoning, content, finish }) => ({
      index,
      message: { role: "assistant", content, reasoning_content: reasoning, refusal: null },
      finish_reason: finish,
      logprobs: null,
    })),
    usage: usageOf(prepared, choices),
    tagpr: {
      ...{ shown: shownOf(prepared.shown), said: saidOf(choices) },
      kept: await keep(service, consenting, id, prepared, choices),
    },
  };
}
