import { streamJsonl } from "../core/jsonl.ts";
import { STOP_WORDS, segmentsOf } from "../core/words.ts";
import type { Task } from "../data/task.ts";
import { clusterKey } from "../eval/headline.ts";
import type { Prediction } from "../eval/types.ts";
import { readResponse } from "../prompts/response.ts";

/** A word must stand in chains about so many people, so that a page shows nobody's own. */
const PEOPLE = 3;

/** In how many chains a word stands. */
export interface SaidWords {
  readonly chains: number;
  readonly count: ReadonlyMap<string, number>;
}

/**
 * Words of the reasoning in a predictions file, in any letter case and once a chain: markup, stop words (English, Chinese),
 * numbers and single letters are left out, and words of fewer than three people's chains. Chinese is parted by ICU's words.
 */
export async function saidWords(file: string, tasks: readonly Task[]): Promise<SaidWords> {
  const known = new Map(tasks.map((task) => [task.name, task]));
  const [count, people] = [new Map<string, number>(), new Map<string, Set<string>>()];
  let chains = 0;
  for await (const prediction of streamJsonl<Prediction>(file)) {
    const task = known.get(prediction.task);
    if (task === undefined) continue;
    const text = readResponse(prediction.response, { task }).steps.map((step) => step.text);
    if (text.length === 0) continue;
    chains++;
    for (const word of new Set(text.flatMap(wordsIn))) {
      count.set(word, (count.get(word) ?? 0) + 1);
      const whose = people.get(word) ?? new Set<string>();
      if (whose.size < PEOPLE) people.set(word, whose.add(clusterKey(prediction)));
    }
  }
  return { chains, count: new Map([...count].filter(([word]) => (people.get(word)?.size ?? 0) >= PEOPLE)) };
}

const wordsIn = (text: string): string[] =>
  segmentsOf(text.normalize("NFKC")).filter(
    (word) => word.length > 1 && !STOP_WORDS.has(word) && !/^[\d.,_]+$/.test(word),
  );

export const shareOf = ({ chains, count }: SaidWords, word: string): number =>
  chains === 0 ? 0 : (count.get(word) ?? 0) / chains;

/** The words that most chains have, the commonest first. */
export const mostSaid = ({ count }: SaidWords, n: number): string[] =>
  [...count].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).flatMap(([word], i) => (i < n ? [word] : []));
