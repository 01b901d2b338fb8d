import { groupBy } from "../core/group.ts";
import { seedOf } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Cost, Drawn, Tools } from "../eval/types.ts";
import { wholeSentences } from "../llm/think.ts";
import { firstFault, type Level, type R2pWords } from "./r2p-words.ts";

/** Chains a query, and how they are drawn (Qwen3's own advice for thinking). */
export const CANDIDATES = 5;
export const SAMPLING = { temperature: 0.6, topP: 0.95 };
/** Corrections put into one chain at most: one a level. */
export const MOST_INTERVENTIONS = 3;
/** Tokens of a response that are kept for the answer: so many, and a quarter at most. */
const ANSWER_TOKENS = 64;

/** A query to be answered by chains. */
export interface Chained {
  /** What its samples' seeds hang on. */
  readonly key: readonly string[];
  readonly prompt: readonly number[];
  readonly words: R2pWords;
}

/** One chain and its answer. */
export interface Candidate {
  /** Between `<think>` and `</think>`. */
  readonly chain: string;
  /** Behind them; empty where nothing came. */
  readonly answer: string;
  /** What had to be put in: names of levels, `close`. */
  readonly interventions: readonly string[];
}

interface State {
  readonly of: Chained;
  /** Which of its query's candidates. */
  readonly i: number;
  /** The response so far, from behind the template's own beginning. */
  begun: string;
  done: boolean;
  interventions: string[];
}

/**
 * Candidates of every query. All chains are drawn in one unit, begun with the first level's heading; then those that left
 * the template are cut back to where they did and go on behind a correction, round after round, a unit each. A chain that
 * keeps to it but was not closed is closed, and its answer drawn.
 */
export async function drawChains(
  queries: readonly Chained[],
  tools: Tools,
): Promise<{ candidates: Candidate[]; cost: Cost }[]> {
  const open = tools.renderer.responsePrefix === "" ? "<think>\n" : "";
  const states = queries.map((of) =>
    Array.from({ length: CANDIDATES }, (_, i): State => {
      const begun = `${open}${of.words.levels[0]?.correction ?? ""}`;
      return { of, i, begun, done: false, interventions: [] };
    }),
  );
  const took = queries.map(() => ({ promptTokens: 0, sampledTokens: 0, responses: CANDIDATES }));
  for (let round = 0; round < 2 + MOST_INTERVENTIONS; round++) {
    const going = states.map((own) => own.filter(({ done }) => !done));
    // Equal beginnings of a query, as in the first round, are one prompt with several samples.
    const groups = going.flatMap((own, q) =>
      [...groupBy(own, ({ begun }) => begun).values()].map((group) => ({ q, group })),
    );
    if (groups.length === 0) break;
    const asks = groups.map(({ group }) => askFor(group, round, tools));
    const drawn = await tools.sample("base", asks);
    for (const [[{ q, group }, { prompt }], responses] of zipStrict(zipStrict(groups, asks), drawn)) {
      const cost = took[q];
      if (cost !== undefined) cost.promptTokens += prompt.length;
      for (const [state, response] of zipStrict(group, responses)) {
        if (cost !== undefined) cost.sampledTokens += response.tokens;
        advance(state, response, tools);
      }
    }
  }
  return zipStrict(states, took).map(([own, cost]) => ({ candidates: own.map(candidateOf), cost }));
}

function askFor(group: readonly State[], round: number, { renderer, seed, responseTokens }: Tools) {
  const [first] = group as [State, ...State[]];
  const begun = renderer.encode(first.begun);
  return {
    prompt: [...first.of.prompt, ...begun],
    ...SAMPLING,
    n: group.length,
    seed: seedOf(seed, "eval", "r2p", ...first.of.key, String(round), String(first.i)),
    maxTokens: Math.max(1, responseTokens - begun.length),
  };
}

/** Takes in what was drawn, and settles how the chain goes on. */
function advance(state: State, { text }: Drawn, tools: Tools): void {
  const { of, interventions } = state;
  const [chain = "", ...behind] = plain(state.begun + text).split("</think>");
  const closed = behind.length > 0 && behind.join("").trim() !== "";
  const fault = firstFault(chain, of.words.levels);
  const corrections = interventions.filter((one) => one !== CLOSE).length;
  if (interventions.includes(CLOSE)) {
    state.begun += text;
    state.done = true;
  } else if (fault !== null && corrections < MOST_INTERVENTIONS) {
    const { name, correction } = of.words.levels[fault.level] as Level;
    const kept = shareOf(fault.keep, fault.level / of.words.levels.length, correction, tools);
    state.begun = `${opening(state.begun)}${kept === "" ? "" : `${kept}\n\n`}${correction}`;
    interventions.push(name);
  } else if (closed) {
    state.begun += text;
    state.done = true;
  } else {
    state.begun = `${opening(state.begun)}${shareOf(chain, 1, END, tools)}${END}`;
    interventions.push(CLOSE);
  }
}

const CLOSE = "close";
const END = "\n</think>\n\n";

const opening = (begun: string): string => (begun.startsWith("<think>") ? "<think>\n" : "");
const plain = (text: string): string => text.replaceAll("<think>", "").trimStart();

/** A chain in whole sentences, with what is put behind it in its share of the tokens: the levels to come have room. */
function shareOf(chain: string, share: number, behind: string, { renderer, responseTokens }: Tools): string {
  const room = responseTokens - Math.min(ANSWER_TOKENS, Math.floor(responseTokens / 4));
  const most = Math.max(0, Math.floor(share * room) - renderer.encode(behind).length);
  const ids = renderer.encode(chain);
  return ids.length <= most ? chain.trim() : wholeSentences(renderer.decode(ids.slice(0, most)));
}

function candidateOf({ begun, interventions }: State): Candidate {
  const [chain = "", ...behind] = plain(begun).split("</think>");
  return { chain: chain.trim(), answer: (behind.at(-1) ?? "").trim(), interventions };
}
