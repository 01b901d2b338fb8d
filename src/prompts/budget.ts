import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, Question } from "../data/types.ts";
import { type Around, chatMessages, type Message, type PromptStyle } from "./chat.ts";
import type { Renderer } from "./renderer.ts";

/**
 * What was taken from one profile item, or from the query's input, to fit the budget; lengths in tokens. Of a text beyond
 * `maxCharacters` the length before is estimated from its beginning.
 */
export interface Cut {
  /** Profile item id; `input` for the query's own text. */
  readonly item: string;
  /** The field that was cut; null when the item was left out whole (`to` is 0). */
  readonly field: string | null;
  readonly from: number;
  readonly to: number;
}

export interface FittedPrompt {
  readonly messages: readonly Message[];
  /** Token ids of the rendered prompt, at most `maxTokens`. */
  readonly tokens: readonly number[];
  /** The items as the model sees them, oldest first: the newest of those asked for. */
  readonly shownItems: readonly ProfileItem[];
  /** Empty when everything fitted. */
  readonly cut: readonly Cut[];
}

export interface FitRequest {
  readonly task: Task;
  readonly example: Question;
  /** Retrieved items, oldest first. */
  readonly items: readonly ProfileItem[];
  readonly style: PromptStyle;
  /** Never cut. */
  readonly around?: Around;
  readonly renderer: Renderer;
  /** Prompt tokens at most (ids, template included). */
  readonly maxTokens: number;
  /**
   * A prompt of more characters is not tokenized: it is taken for one that doesn't fit. For the texts of strangers, which may be
   * a thousand times the budget; without it every text is tokenized whole.
   */
  readonly maxCharacters?: number;
  /** Turns of a conversation that stand before the query; never cut. */
  readonly before?: readonly Message[];
}

/** An item's text is never cut below this many tokens; items are left out instead. */
const LEAST_TOKENS = 16;

/**
 * The chat prompt within a token budget. The rule, in this order:
 * 1. the longest text field of every item is cut to the same length, the largest that fits (short items stay whole,
 *    the user's own choice — tag, score, title — is cut only where it is the item's only field);
 * 2. when `LEAST_TOKENS` an item is still too much, the oldest items are left out, one after another;
 * 3. when the query alone is too long, the end of its input is cut.
 * Everything taken is in `cut`. Throws when even a bare query can't fit.
 */
export function fitPrompt(request: FitRequest): FittedPrompt {
  const whole = wholePrompt(request);
  if (whole !== null) return whole;
  const texts = request.items.map((item) => longText(request, item));
  const bare = attempt(request, [], request.example);
  // What has no room for its query alone has none for any item.
  if (bare === null) return cutInput(request, texts.map(left));
  for (let dropped = 0; dropped < request.items.length; dropped++) {
    const kept = texts.slice(dropped);
    const fitted = largest(LEAST_TOKENS, mostOf(request, kept), (length) => {
      const shown = kept.map((text) => shorten(request, text, length));
      return withLength(attempt(request, shown, request.example), length);
    });
    if (fitted === null) continue;
    const { length, ...prompt } = fitted;
    return { ...prompt, cut: [...texts.slice(0, dropped).map(left), ...kept.flatMap((text) => cutOf(text, length))] };
  }
  return { ...bare, cut: texts.map(left) };
}

/** Tokens of a text that are worth a try: of one that is many times the budget most are not. */
const mostOf = ({ maxTokens }: FitRequest, texts: readonly Pick<LongText, "ids">[]): number =>
  Math.min(Math.max(...texts.map(({ ids }) => ids.length)), Math.max(LEAST_TOKENS, 4 * maxTokens));

/** The prompt of everything; null where it exceeds the budget. */
export function wholePrompt(request: FitRequest): FittedPrompt | null {
  const whole = attempt(request, request.items, request.example);
  return whole === null ? null : { ...whole, cut: [] };
}

type Fitting = Omit<FittedPrompt, "cut">;

/** Null where it exceeds the budget. */
function attempt(request: FitRequest, items: readonly ProfileItem[], example: Question): Fitting | null {
  const { renderer, style, maxTokens, maxCharacters = Number.POSITIVE_INFINITY } = request;
  const [system, ...asked] = chatMessages(request.task, example, items, style, request.around);
  const messages = [...(system === undefined ? [] : [system]), ...(request.before ?? []), ...asked];
  if (messages.reduce((sum, { content }) => sum + content.length, 0) > maxCharacters) return null;
  const tokens = renderer.promptTokens(messages, { thinking: style.reasoning });
  return tokens.length <= maxTokens ? { messages, tokens, shownItems: items } : null;
}

const withLength = (fitting: Fitting | null, length: number) => (fitting === null ? null : { ...fitting, length });

/** A text in tokens: as many as a prompt could hold, and how many there are. */
interface Tokenized {
  readonly ids: readonly number[];
  readonly count: number;
}

/** Of a text that no prompt holds whole, its beginning is tokenized. */
export function tokenized(
  { renderer, maxCharacters }: Pick<FitRequest, "renderer" | "maxCharacters">,
  text: string,
): Tokenized {
  const start = text.slice(0, maxCharacters);
  const ids = renderer.encode(start);
  return { ids, count: start === text ? ids.length : Math.round((ids.length * text.length) / start.length) };
}

interface LongText extends Tokenized {
  readonly item: ProfileItem;
  readonly field: string;
}

/** The field of an item that may be cut: its longest, the user's own choice only where there is no other. */
function longText(request: FitRequest, item: ProfileItem): LongText {
  const { task } = request;
  const open = task.itemFields.filter((field) => !field.label);
  const names = (open.length > 0 ? open : task.itemFields).map((field) => field.name);
  const texts = names.map((field) => ({ item, field, ...tokenized(request, item.fields[field] ?? "") }));
  return texts.reduce((a, b) => (b.count > a.count ? b : a));
}

function shorten({ renderer }: FitRequest, { item, field, ids, count }: LongText, length: number): ProfileItem {
  if (count <= length) return item;
  return { ...item, fields: { ...item.fields, [field]: head(renderer, ids, length) } };
}

/** The first tokens as text; a character that the cut went through is dropped. */
function head(renderer: Renderer, ids: readonly number[], length: number): string {
  return `${renderer
    .decode(ids.slice(0, length))
    .replace(/(?<!\uFFFD)\uFFFD+$/, "")
    .trimEnd()}…`;
}

/** The result at the largest n in [from, to] where `at` has one; null when there is none. Assumes monotony. */
function largest<T>(from: number, to: number, at: (n: number) => T | null): T | null {
  let best = at(from);
  if (best === null) return null;
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const found = at(middle);
    if (found === null) high = middle - 1;
    else {
      best = found;
      low = middle;
    }
  }
  return best;
}

const left = ({ item, count }: LongText): Cut => ({ item: item.id, field: null, from: count, to: 0 });

function cutOf({ item, field, ids, count }: LongText, length: number): Cut[] {
  return count <= length ? [] : [{ item: item.id, field, from: count, to: Math.min(length, ids.length) }];
}

function cutInput(request: FitRequest, cut: readonly Cut[]): FittedPrompt {
  const { example, renderer, maxTokens } = request;
  const { ids, count } = tokenized(request, example.input);
  const fitted = largest(LEAST_TOKENS, mostOf(request, [{ ids }]), (length) =>
    withLength(attempt(request, [], { ...example, input: head(renderer, ids, length) }), length),
  );
  if (fitted === null)
    throw new TagprError("usage", `a prompt budget of ${maxTokens} tokens has no room for query ${example.id}`, {
      hint: "Raise prompt.max_tokens.",
    });
  const { length, ...prompt } = fitted;
  return { ...prompt, cut: [...cut, { item: "input", field: "input", from: count, to: length }] };
}
