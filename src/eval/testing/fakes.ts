import { silent } from "../../core/progress.ts";
import type { Task } from "../../data/task.ts";
import type { QueryId, ShownExample, UserId } from "../../data/types.ts";
import type { SampleRequest, SamplingClient } from "../../engine/types.ts";
import { memoryStore, type Store } from "../../llm/store.ts";
import type { Renderer } from "../../prompts/renderer.ts";
import { keptSampler } from "../kept.ts";
import type { MadeSoft, Tools, Weights } from "../types.ts";

export const task: Task = {
  name: "tag",
  title: "",
  kind: "classification",
  language: "en",
  labels: ["comedy", "action"],
  itemFields: [{ name: "tag", aliases: [], label: true }],
  corpus: "{tag}",
  query: { after: ":" },
  item: "tag: {tag}",
  official: null,
  metric: "accuracy",
  answer: "one of the tags",
};

const EOS = 0;
/** Letters are tokens, so that a prompt can be read back. */
export const renderer: Renderer = {
  encode: (text) => [...text].map((c) => c.codePointAt(0) ?? 0),
  decode: (ids) => String.fromCodePoint(...ids.filter((id) => id !== EOS)),
  renderChat: (messages) => messages.map((m) => m.content).join("\n"),
  promptTokens: (messages, { thinking }) =>
    renderer.encode(`${thinking ? "T" : "F"}|${renderer.renderChat(messages, { thinking })}`),
  eosIds: [EOS],
  responsePrefix: "<think>\n",
  refusesSystem: false,
  controlTokensIn: () => [],
};

export const examples: ShownExample[] = Array.from({ length: 5 }, (_, i) => ({
  task: "tag",
  id: `q${i}` as QueryId,
  user: `u${i}` as UserId,
  input: `query ${i}`,
  shown: [{ id: `i${i}`, fields: { tag: `item-of-${i}` } }],
  historyItems: 1,
  gold: i % 2 === 0 ? "comedy" : "action",
}));

/** What a fake model is asked, as text. */
export interface FakeRequest extends SampleRequest {
  readonly weights: Weights;
  readonly text: string;
}

/**
 * Tools over a fake engine that answers what `say` makes of a request and the sample's number; `asked` holds its units, as they
 * come. `cache` outlives the tools, as a run's does.
 */
export function fakeTools(
  say: (request: FakeRequest, sample: number) => string,
  more: Partial<Omit<Tools, "sample">> & { readonly cache?: Map<string, Store<never>> } = {},
): { readonly tools: Tools; readonly asked: FakeRequest[][] } {
  const asked: FakeRequest[][] = [];
  const { cache = new Map<string, Store<never>>(), ...given } = more;
  const store = <T>(name: string): Store<T> => {
    const kept = (cache.get(name) ?? memoryStore()) as Store<T>;
    cache.set(name, kept as Store<never>);
    return kept;
  };
  const sampler = (weights: Weights): SamplingClient => ({
    sample: async (requests) => {
      const unit = requests.map((one) => ({
        ...one,
        weights,
        text: renderer.decode(one.prompt.filter((token) => token >= 0)),
      }));
      asked.push(unit);
      return unit.map((one) => Array.from({ length: one.numSamples }, (_, k) => sequence(say(one, k))));
    },
  });
  const tools: Tools = {
    ...{ tasks: new Map([[task.name, task]]), renderer, tags: [], promptTokens: 10_000, responseTokens: 50, seed: 7 },
    ...{ draw: null, progress: silent, store },
    chat: (name) => {
      throw new Error(`no api ${name}`);
    },
    softPrompts: async (_, all) => all.map(({ shown }) => softOf(shown.map(({ id }) => id))),
    scoreAnswers: async (_, all) => all.map(({ text }) => ({ logit: text.length, own: true })),
    embed: async (texts) => texts.map(() => [1]),
    ...given,
    sample: (weights, asks) =>
      keptSampler({
        ...{ open: async () => sampler(weights), codec: renderer, identity: weights, maxTokens: 50 },
        store: store(`answers ${weights}`),
      })(asks),
  };
  return { tools, asked };
}

/** Soft tokens that look at the last item alone. */
export const softOf = (items: readonly string[]): MadeSoft => ({
  soft: [[1], [items.length]],
  attention: items.slice(-1).map((item) => ({ item, weight: 1 })),
  of: items.length,
});

function sequence(text: string) {
  const tokens = [...renderer.encode(text), EOS];
  return { tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const };
}
