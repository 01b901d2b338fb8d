import { contextOf } from "../../engine/model-dir.ts";
import type { Message } from "../../prompts/chat.ts";
import type { AnswerTools, Drawing } from "../answer.ts";
import type { Wish } from "../ask.ts";
import { Refused } from "../refusal.ts";
import type { ChatRequest } from "../schema.ts";
import type { Service } from "../service.ts";
import type { Named } from "../who.ts";

/** A request for chat completions as the program means it. */
export interface Asked {
  /** The name that the response carries. */
  readonly name: string;
  readonly tools: AnswerTools;
  readonly wish: Wish;
  readonly drawing: Drawing;
}

/** @throws Refused that names the field */
export function askedOf(service: Service, request: ChatRequest, named: Named | null): Asked {
  const [name, tools] = askerOf(service, request.model);
  return {
    name,
    tools,
    wish: wishOf(service, request, named),
    drawing: { ...drawingOf(service, tools, request), cacheSalt: saltOf(service, named) },
  };
}

function askerOf({ askers }: Service, named: string | undefined): readonly [string, AnswerTools] {
  const found = named === undefined ? [...askers][0] : [...askers].find(([name]) => name === named);
  if (found !== undefined) return found;
  throw new Refused({
    ...{ status: 404, param: "model", code: "model_not_found" },
    message: `model: there is no ${JSON.stringify(named)} here; there are ${[...askers.keys()].join(", ")}`,
  });
}

function wishOf({ users, store }: Service, { messages, tagpr = {} }: ChatRequest, named: Named | null): Wish {
  const last = messages.at(-1);
  if (last?.role !== "user") throw invalidField("messages", "the last one is the query, and of the role user");
  const { items, task } = tagpr;
  if (items !== undefined && tagpr.user !== undefined)
    throw invalidField("tagpr.user", "a history comes from tagpr.items or from a user of the data, not from both");
  if (named !== null && items === undefined && users === null && store === null)
    throw invalidField(named.param, "this server was given no --store and no --data to find a user in");
  return {
    query: last.content,
    turns: messages.slice(0, -1).map(({ role, content }): Message => ({ role, content: content ?? "" })),
    ...{ task, user: named?.user },
    ...(items === undefined ? {} : { items: { values: items, where: "tagpr.items" } }),
  };
}

function drawingOf(service: Service, { model }: AnswerTools, request: ChatRequest): Drawing {
  const { n, temperature, top_p: topP, seed, stop } = request;
  const asked = request.max_completion_tokens ?? request.max_tokens;
  const most = roomOf(model);
  if (asked !== null && asked !== undefined && asked > most)
    throw invalidField(
      request.max_completion_tokens == null ? "max_tokens" : "max_completion_tokens",
      `is ${asked}; prompts of this model leave room for ${most} tokens`,
    );
  const choices = n ?? 1;
  return {
    n: choices,
    maxTokens: asked ?? Math.min(model.responseTokens, most),
    temperature: temperature ?? (choices > 1 ? 1 : 0),
    topP: topP ?? 1,
    seed: seed ?? service.drawSeed(),
    stop: typeof stop === "string" ? [stop] : (stop ?? []),
  };
}

/**
 * vLLM's `cache_salt`: what one user's prompt took to compute serves no other, whose answers' times would tell what it holds. A
 * hash, since it travels; who is nobody in particular shares with nobody.
 */
const saltOf = ({ store, uuid }: Service, named: Named | null): string | undefined =>
  store === null ? undefined : named === null ? uuid() : store.hash("cache_salt", named.user);

/** Tokens that the longest prompt leaves of the model's context. */
const roomOf = ({ modelDir, promptTokens }: AnswerTools["model"]): number =>
  Math.max(1, (contextOf(modelDir) ?? Number.POSITIVE_INFINITY) - promptTokens);

const invalidField = (param: string, what: string): Refused =>
  new Refused({ status: 400, message: `${param}: ${what}`, param, code: "invalid_value" });
