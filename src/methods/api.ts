import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { ShownExample } from "../data/types.ts";
import type { Cost, Method, Reply, Tools } from "../eval/types.ts";
import type { ChatRequest, ChatResult } from "../llm/types.ts";
import type { FittedPrompt } from "../prompts/budget.ts";
import { keptItems, promptFor, sampleSeed } from "./ask-each.ts";

export type Api = Config["eval"]["apis"][string];

/**
 * A model behind an OpenAI-compatible endpoint, asked as RAG and RAG-R are: the same messages within the same budget (counted
 * in the run's own tokens), with the endpoint's own cut-off. `NAME-r` asks for reasoning and switches the model's own
 * thinking on; thoughts that come apart, or in `<think>`, are read as reasoning. A row without reasoning whose model thinks
 * all the same is read behind its thoughts. What an endpoint refuses is a wrong answer; what fails is asked again later.
 */
export function apiMethod(name: string, entry: string, api: Api, reasoning: boolean): Method {
  return {
    name,
    label: reasoning ? `${entry}-R` : entry,
    paper: "state-of-the-art LLMs",
    source: "paper, section 4.1",
    about: `${api.model}, ${reasoning ? "which reasons first" : "which answers at once"}.`,
    ...{ trains: [], profile: true, reasoning, external: true, responses: 0 },
    answer: async (examples, tools) => {
      const asking = { weights: () => "base" as const, items: ({ shown }: ShownExample) => shown, reasoning };
      const prompts = examples.map((example) => promptFor(example, { ...tools, tags: [] }, asking));
      const requests = zipStrict(examples, prompts).map(([example, prompt]) =>
        requestsOf(api, reasoning, example, prompt, tools),
      );
      const results = await tools.chat(entry).completeMany(requests.flat());
      requireAnswers(name, results);
      const each = tools.draw === null ? 1 : 2;
      return zipStrict(examples, prompts).map(([example, prompt], i) =>
        replyOf(example, prompt, results.slice(i * each, (i + 1) * each), { api, reasoning, tools }),
      );
    },
  };
}

/** The answer that is scored, and the samples of `eval.samples`. */
function requestsOf(
  api: Api,
  reasoning: boolean,
  example: ShownExample,
  { messages }: FittedPrompt,
  { draw, seed }: Tools,
): ChatRequest[] {
  const extra = reasoning ? api.thinking.on : api.thinking.off;
  const one = { messages, maxTokens: api.max_tokens, ...(Object.keys(extra).length === 0 ? {} : { extra }) };
  return [
    { ...one, n: 1, temperature: api.temperature },
    ...(draw === null ? [] : [{ ...one, ...draw, seed: sampleSeed(seed, example) % 2 ** 31 }]),
  ];
}

/** A query that got no answer for now would be a wrong one for good. */
function requireAnswers(name: string, results: readonly ChatResult[]): void {
  const failed = results.flatMap(({ failed }) => failed ?? []);
  if (failed.length === 0) return;
  throw new TagprError(
    "llm",
    `${name}: ${failed.length} of ${results.length} requests got no answer; one of them: ${failed[0]}`,
    {
      hint: "The answers that came are kept: the same command asks for the rest alone.",
    },
  );
}

interface Asked {
  readonly api: Api;
  readonly reasoning: boolean;
  readonly tools: Tools;
}

function replyOf(
  example: ShownExample,
  prompt: FittedPrompt,
  [answer, samples]: readonly ChatResult[],
  { api, reasoning, tools }: Asked,
): Reply {
  const [first] = answer === undefined ? [] : saidIn(answer, reasoning, tools);
  const drawn = samples === undefined ? [] : saidIn(samples, reasoning, tools);
  const n = tools.draw?.n ?? 0;
  // Refused samples are answers that say nothing.
  const all = [...drawn, ...Array.from({ length: Math.max(0, n - drawn.length) }, () => NOTHING)];
  const thoughts = reasoning ? "" : thoughtsIn(answer?.texts[0] ?? "");
  const refused = answer?.refused ?? samples?.refused;
  return {
    ...(first ?? NOTHING),
    ...{ shown: keptItems(example.shown, prompt.cut), cut: prompt.cut, cost: costOf(answer, samples, api) },
    ...(samples === undefined ? {} : { samples: all }),
    ...(thoughts === "" && refused === undefined
      ? {}
      : { made: { ...(thoughts === "" ? {} : { thoughts }), ...(refused === undefined ? {} : { refused }) } }),
  };
}

const NOTHING = { response: "", tokens: 0, truncated: false };

function saidIn({ texts, truncated, usage }: ChatResult, reasoning: boolean, tools: Tools) {
  return texts.map((text, i) => ({
    response: reasoning ? text : text.slice(thoughtsIn(text).length).trim(),
    // An endpoint that counts nothing has said something all the same.
    tokens: Math.round(usage.completionTokens / texts.length) || tools.renderer.encode(text).length,
    truncated: truncated[i] ?? false,
  }));
}

/** Up to the end of a response's thoughts; empty where it has none. */
function thoughtsIn(text: string): string {
  const end = text.lastIndexOf("</think>");
  return end < 0 ? "" : text.slice(0, end + "</think>".length);
}

/** Tokens of the answer that is scored; the dollars of the samples too, which were paid. */
function costOf(answer: ChatResult | undefined, samples: ChatResult | undefined, api: Api): Cost {
  const paid = [answer, samples].flatMap((one) => one?.usage ?? []);
  const dollars =
    paid.reduce(
      (sum, { promptTokens, completionTokens }) => sum + promptTokens * api.price_in + completionTokens * api.price_out,
      0,
    ) / 1e6;
  return {
    promptTokens: answer?.usage.promptTokens ?? 0,
    sampledTokens: answer?.usage.completionTokens ?? 0,
    responses: 1,
    ...(api.price_in + api.price_out > 0 ? { dollars } : {}),
  };
}
