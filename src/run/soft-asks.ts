import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import { itemText } from "../data/item-text.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import type { SoftAsk } from "../encoders/soft-prompts.ts";
import type { SoftStage } from "../model/files.ts";
import { loadTextTokens } from "../prompts/text-tokens.ts";
import { queryText } from "../retrieval/text.ts";
import type { Histories } from "./histories.ts";
import type { StageContext } from "./stage.ts";
import { openEmbed } from "./stages/embedding.ts";

/** A query as PPlug's text encoder gets it, with the items behind the vectors. */
export interface AskOfQuery extends SoftAsk {
  readonly of: readonly ProfileItem[];
}

/** What BGE's authors put in front of a query. */
const BGE = "Represent this sentence for searching relevant passages: ";

/** Each query in the encoder's tokens, and the vectors of its user's newest items (`pplug.items`), of their text or of text and label. */
export async function softAsks(
  context: StageContext,
  historiesOf: Histories,
  tasks: readonly Task[],
  examples: readonly ShownExample[],
  stage: SoftStage,
): Promise<{ asks: AskOfQuery[]; width: number }> {
  const { config, modelDir } = context;
  const name = config.engines.embeddings_model;
  const tokensOf = loadTextTokens(await modelDir(name));
  const histories = await historiesOf(examples);
  const taskOf = taskBy(tasks);
  const texts = zipStrict(examples, histories).map(([example, items]) =>
    items.map((item) => itemText(taskOf(example), item, stage === "pplug-labels")),
  );
  const distinct = [...new Set(texts.flat())];
  const vectors = new Map(zipStrict(distinct, distinct.length === 0 ? [] : await openEmbed(context)(distinct)));
  const [first] = vectors.values();
  if (first === undefined)
    throw new TagprError("data", "PPlug: no query has a history", {
      hint: "Its soft token is made of a user's items.",
    });
  const before = /bge/i.test(name) ? BGE : "";
  const asks = zipStrict(zipStrict(examples, histories), texts).map(([[example, of], own]) => ({
    text: tokensOf(before + queryText(taskOf(example), example)),
    items: own.map((text) => vectors.get(text) as ArrayLike<number>),
    of,
  }));
  return { asks, width: first.length };
}

export const taskBy =
  (tasks: readonly Task[]) =>
  ({ task }: Pick<ShownExample, "task">): Task => {
    const found = tasks.find(({ name }) => name === task);
    if (found === undefined) throw new RangeError(`no task ${task}`);
    return found;
  };
