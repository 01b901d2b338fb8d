import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { wordsOf } from "../core/words.ts";
import { baseLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";
import type { Example, ProfileItem, ShownExample } from "../data/types.ts";
import { bestPositions } from "./best.ts";
import { bm25Scores } from "./bm25.ts";
import { dot } from "./dots.ts";
import { corpusText, queryText } from "./text.ts";

/**
 * - `recency`: the newest first (the paper's default). LaMP's tie rule: of equal dates the one later in the file.
 * - `random`: without replacement, as we read the paper.
 * - `random_official`: with replacement, as LaMP's code draws (`random.choices`); may repeat an item.
 * - `bm25`: rank_bm25's BM25Okapi on white-space tokens; in Chinese on characters.
 * - `dense`: dot product of embeddings (MiniLM, Contriever, …), from the `embed` handed in.
 */
export const RETRIEVERS = ["recency", "random", "random_official", "bm25", "dense"] as const;
export type Retriever = (typeof RETRIEVERS)[number];

/** Embeds texts, `vectors[i][d]` for `texts[i]`. */
export type Embed = (texts: readonly string[]) => Promise<readonly ArrayLike<number>[]>;

export interface RetrieveOptions {
  readonly method: Retriever;
  /** Items wanted; fewer come when the profile has fewer (`random_official` always gives k of a non-empty one). */
  readonly k: number;
  /** Characters that the items have together at most, in the fields that prompts show; see `within`. 0 or none: any. */
  readonly characters?: number;
  /** For the random methods: with the task and query id it names the random stream. */
  readonly seed: number;
  /** For `dense`. */
  readonly embed?: Embed;
}

/**
 * The k best items of a profile, best first: what LaMP's ranking files hold.
 * Equal scores are ranked newest first (our rule; numpy's, in the official code, depends on the processor).
 */
export async function rankProfile(task: Task, example: Example, options: RetrieveOptions): Promise<ProfileItem[]> {
  return (await rank(task, example, options)).flatMap(({ at }) => example.profile[at] ?? []);
}

/** {@link rankProfile} as a prompt shows it: oldest first. */
export async function retrieve(task: Task, example: Example, options: RetrieveOptions): Promise<ProfileItem[]> {
  return (await retrieveScored(task, example, options)).map(({ item }) => item);
}

/** An item and what it was chosen by, higher is better; null where the retriever has no score. */
export interface Scored {
  readonly item: ProfileItem;
  readonly score: number | null;
}

/** {@link retrieve} with the scores. */
export async function retrieveScored(task: Task, example: Example, options: RetrieveOptions): Promise<Scored[]> {
  return inOrder(example.profile, await rank(task, example, options));
}

/** The k items of a profile with the highest scores, oldest first; of equal ones the newer. `scores[i]` of `profile[i]`. */
export const bestScored = (
  task: Task,
  profile: readonly ProfileItem[],
  scores: ArrayLike<number>,
  options: Pick<RetrieveOptions, "k" | "characters">,
): Scored[] => inOrder(profile, within(task, profile, best(scores, options.k), options.characters));

const inOrder = (profile: readonly ProfileItem[], ranking: readonly Ranked[]): Scored[] =>
  ranking
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ at, score }) => {
      const item = profile[at];
      return item === undefined ? [] : [{ item, score }];
    });

/** The example with what {@link retrieve} finds instead of its whole profile. */
export async function show(task: Task, example: Example, options: RetrieveOptions): Promise<ShownExample> {
  const { profile, ...question } = example;
  return { ...question, shown: await retrieve(task, example, options), historyItems: profile.length };
}

interface Ranked {
  /** Position in the profile, which is oldest first. */
  readonly at: number;
  readonly score: number | null;
}

/** Best first. */
const rank = async (task: Task, example: Example, options: RetrieveOptions): Promise<readonly Ranked[]> =>
  within(task, example.profile, await ranked(task, example, options), options.characters);

/**
 * The best of a ranking whose texts have `most` characters together at most, and one at least: a long item makes room for fewer
 * others, so that a prompt shows whole texts. What comes after the first that is too much is left out with it.
 */
function within(
  task: Task,
  profile: readonly ProfileItem[],
  ranking: readonly Ranked[],
  most: number | undefined,
): readonly Ranked[] {
  if (most === undefined || most === 0) return ranking;
  const sizeOf = ({ at }: Ranked): number =>
    task.itemFields.reduce((sum, { name }) => sum + (profile[at]?.fields[name]?.length ?? 0), 0);
  let room = most;
  const over = ranking.findIndex((one, i) => {
    room -= sizeOf(one);
    return i > 0 && room < 0;
  });
  return over < 0 ? ranking : ranking.slice(0, over);
}

async function ranked(task: Task, example: Example, options: RetrieveOptions): Promise<Ranked[]> {
  const { method, k } = options;
  if (!Number.isInteger(k) || k < 1)
    throw new TagprError("usage", `can't retrieve k = ${k} items`, { hint: "k is 1 or more." });
  const n = example.profile.length;
  const newestFirst = (count: number): number[] => Array.from({ length: count }, (_, i) => n - 1 - i);
  switch (method) {
    case "recency":
      return unscored(newestFirst(Math.min(n, k)));
    case "random":
      return unscored(draws(task, example, options.seed).shuffle(newestFirst(n)).slice(0, k));
    case "random_official": {
      const random = draws(task, example, options.seed);
      return unscored(n === 0 ? [] : Array.from({ length: k }, () => random.int(n)));
    }
    case "bm25": {
      const scores = bm25Scores(
        example.profile.map((item) => bm25Text(task, corpusText(task, item))),
        bm25Text(task, queryText(task, example)),
      );
      return best(scores, k);
    }
    case "dense":
      return best(await denseScores(task, example, options.embed), k);
  }
}

/** BM25 splits at white space, as LaMP's English tasks do; other languages may have none, or part words otherwise. */
export const bm25Text = (task: Task, text: string): string =>
  baseLanguage(task.language) === "en" ? text : wordsOf(text).join(" ");

const unscored = (positions: readonly number[]): Ranked[] => positions.map((at) => ({ at, score: null }));
const best = (scores: ArrayLike<number>, k: number): Ranked[] =>
  bestPositions(scores, k).map((at) => ({ at, score: scores[at] ?? null }));

const draws = (task: Task, example: Example, seed: number) => stream(seed, "retrieve", task.name, example.id);

async function denseScores(task: Task, example: Example, embed: Embed | undefined): Promise<number[]> {
  if (embed === undefined)
    throw new TagprError("usage", "dense retrieval needs an embedding model", {
      hint: "Set engines.embeddings in the config, or choose another retriever.",
    });
  if (example.profile.length === 0) return [];
  const texts = [queryText(task, example), ...example.profile.map((item) => corpusText(task, item))];
  const [query, ...items] = await embed(texts);
  if (query === undefined || items.length !== example.profile.length)
    throw new TagprError("engine", `asked for ${texts.length} embeddings, got ${items.length + 1}`);
  return items.map((item) => dot(query, item));
}
