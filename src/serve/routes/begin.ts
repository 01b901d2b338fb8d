import type { Context } from "hono";
import { type AnswerTools, answer, type Choice, type Piece } from "../answer.ts";
import { questionOf, taskOf, type Wish } from "../ask.ts";
import { enter } from "../boundary.ts";
import type { Caller } from "../caller.ts";
import type { History } from "../history.ts";
import { type Consenting, consenting } from "../keep.ts";
import { type Prepared, prepare } from "../prepare.ts";
import type { Usage } from "../schema.ts";
import type { Service } from "../service.ts";
import type { Turn } from "./admit.ts";
import type { Asked } from "./chat-asked.ts";
import type { Noted } from "./note.ts";

/** An answer that has begun: its first piece is there, so what refuses it has refused it. */
export interface Begun {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly asked: Asked;
  readonly prepared: Prepared;
  readonly consenting: Consenting | null;
  readonly first: IteratorResult<Piece, Choice[]>;
  readonly rest: AsyncGenerator<Piece, Choice[]>;
}

/** Makes the prompt and waits for the first piece. */
export async function begin(service: Service, c: Context<Noted>, asked: Asked, { signal }: Turn): Promise<Begun> {
  const { tools, wish, drawing, name } = asked;
  const who = await consenting(service, c.get("caller"), wish);
  const history = await storedHistory(service, c.get("caller"), tools, wish);
  const question = questionOf(tools.model.tasks, service.users, { ...wish, history });
  c.get("note").model = name;
  const prepared = await prepare(tools, question);
  const rest = answer(tools, prepared, drawing, signal);
  const first = await rest.next();
  c.get("note").firstPiece = service.now();
  return {
    id: `chatcmpl-${service.uuid()}`,
    created: Math.floor(service.today().getTime() / 1000),
    asked,
    prepared,
    consenting: who,
    first,
    rest,
  };
}

/** What the store has of who asks; undefined where the history comes from elsewhere. A user who is not there has none. */
async function storedHistory(
  service: Service,
  caller: Caller,
  { model }: AnswerTools,
  wish: Wish,
): Promise<History | undefined> {
  if (service.store === null || wish.items !== undefined || wish.user === undefined) return undefined;
  const { embeddings_model: embedder = "" } = model.config.engines;
  return service.histories.of(enter(service, caller, wish.user), taskOf(model.tasks, wish.task), embedder);
}

/** The prompt counts once, whatever n is. */
export function usageOf({ prompt }: Prepared, choices: readonly Pick<Choice, "tokens">[]): Usage {
  const completion = choices.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    prompt_tokens: prompt.length,
    completion_tokens: completion,
    total_tokens: prompt.length + completion,
  };
}

export function noteTokens({ metrics }: Service, c: Context<Noted>, usage: Usage): void {
  const { prompt_tokens: prompt, completion_tokens: completion } = usage;
  Object.assign(c.get("note"), { prompt, completion });
  metrics.tokens(prompt, completion);
}
