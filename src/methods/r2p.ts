import { zipStrict } from "../core/zip.ts";
import type { ShownExample } from "../data/types.ts";
import type { Method, Reply, Tools } from "../eval/types.ts";
import { majorityOf } from "../metrics/samples.ts";
import type { FittedPrompt } from "../prompts/budget.ts";
import { fitPrompt } from "../prompts/budget.ts";
import type { Around } from "../prompts/chat.ts";
import { readLeniently } from "../prompts/lenient.ts";
import { keptItems, taskOf } from "./ask-each.ts";
import { addCosts } from "./cost.ts";
import { CANDIDATES, type Candidate, drawChains } from "./r2p-chains.ts";
import { r2pWords } from "./r2p-words.ts";

/**
 * After R2P (Luo et al. 2025): chains that must go through the levels of a template, corrected while they are drawn where
 * they don't, and one answer made of several by showing them to the model again. The paper's constants and words could not
 * be had, so all of them are ours: three levels (task, profile, answer), found by their headings; five chains a query at
 * temperature 0.6 and top-p 0.95; three corrections a chain at most, one a level; the last answer greedy, at once.
 */
export const r2p: Method = {
  name: "r2p",
  label: "R2P-like",
  paper: "R2P",
  source: "Luo et al. 2025, arXiv 2505.17571; its constants are ours",
  about:
    "The base model reasons on three levels, corrected where it leaves one out; of five answers drawn so it makes one.",
  trains: [],
  profile: true,
  reasoning: true,
  draws: false,
  responses: CANDIDATES + 1,
  answer: async (examples, tools) => {
    const chained = examples.map((example) => promptFor(example, tools, true, (words) => ({ system: words.system })));
    const drawn = await drawChains(
      zipStrict(examples, chained).map(([example, { tokens }]) => ({
        ...{ key: [example.task, example.id], prompt: tokens, words: wordsFor(example, tools) },
      })),
      tools,
    );
    const asked = zipStrict(examples, drawn).map(([example, { candidates }]) => referring(example, candidates, tools));
    const final = await tools.sample(
      "base",
      asked.map(({ tokens }) => ({ prompt: tokens, seed: 0 })),
    );
    return zipStrict(zipStrict(examples, chained), zipStrict(zipStrict(drawn, asked), final)).map(
      ([[example, { cut }], [[{ candidates, cost }, last], [said]]]): Reply => {
        const answer = answerOf(example, said?.text ?? "", candidates, tools);
        const response = `<think>\n${chainFor(example, answer, candidates, tools)}\n</think>\n\n${answer}`;
        const lastCost = { promptTokens: last.tokens.length, sampledTokens: said?.tokens ?? 0, responses: 1 };
        return {
          ...{ response, tokens: tools.renderer.encode(response).length, truncated: said?.truncated ?? false },
          ...{ shown: keptItems(example.shown, cut), cut, cost: addCosts([cost, lastCost]) },
          made: { candidates },
        };
      },
    );
  },
};

const wordsFor = (example: ShownExample, tools: Tools) => r2pWords(taskOf(tools, example));

function promptFor(
  example: ShownExample,
  tools: Tools,
  reasoning: boolean,
  around: (words: ReturnType<typeof r2pWords>) => Around,
): FittedPrompt {
  return fitPrompt({
    ...{ task: taskOf(tools, example), example, items: example.shown, style: { reasoning, tags: [] } },
    ...{ around: around(wordsFor(example, tools)), renderer: tools.renderer, maxTokens: tools.promptTokens },
  });
}

/** The question with the candidates below it; all of them together have a quarter of the prompt at most. */
function referring(example: ShownExample, candidates: readonly Candidate[], tools: Tools): FittedPrompt {
  const most = Math.floor(tools.promptTokens / 4 / CANDIDATES);
  const lines = candidates.map(({ answer }, i) => {
    const ids = tools.renderer.encode(answer.replace(/\s+/g, " "));
    return `${i + 1}. ${ids.length <= most ? tools.renderer.decode(ids) : `${tools.renderer.decode(ids.slice(0, most))}…`}`;
  });
  return promptFor(example, tools, false, (words) => ({
    system: words.final,
    below: `${words.candidates}\n${lines.join("\n")}`,
  }));
}

const readOf = (example: ShownExample, answer: string, tools: Tools): string =>
  readLeniently(answer, taskOf(tools, example));

/** What the model makes of the candidates; where it says nothing, the answer of most of them. */
function answerOf(example: ShownExample, said: string, candidates: readonly Candidate[], tools: Tools): string {
  const last = (said.split("</think>").at(-1) ?? "").replaceAll("<think>", "").trim();
  if (last !== "") return last;
  const votes = candidates.map(({ answer }) => ({ answer: readOf(example, answer, tools) || null, text: answer }));
  return majorityOf(votes)?.text ?? "";
}

/** The first chain that came to this answer, else the first one. */
function chainFor(example: ShownExample, answer: string, candidates: readonly Candidate[], tools: Tools): string {
  const read = readOf(example, answer, tools);
  const same = candidates.find((one) => readOf(example, one.answer, tools) === read);
  return (same ?? candidates[0])?.chain ?? "";
}
