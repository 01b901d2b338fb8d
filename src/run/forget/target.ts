import { existsSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { streamShown } from "../../data/shown.ts";
import type { ShownExample } from "../../data/types.ts";
import { readTasks } from "../../model/files.ts";
import { SPLITS } from "../stages/gathered.ts";

/** What is to go: a user, as a run's files name them. */
export interface Target {
  readonly user: string;
  /** `task/user`, as tables of users have it. */
  readonly owners: ReadonlySet<string>;
  /** `task/id` of their queries. */
  readonly queries: ReadonlySet<string>;
  /** Texts that are theirs alone, and long enough to be known again anywhere. */
  readonly texts: readonly string[];
}

/** A shorter text stands in others' by chance; one of letters that are words goes by half of that. */
const TELLING = 12;

/**
 * Finds a user in a run's data.
 * @throws TagprError `run` where the run has no data, `data` where it has no such user
 */
export async function targetOf(run: string, user: string): Promise<Target> {
  if (!existsSync(join(run, "data", "tasks.json")))
    throw new TagprError("run", `${run} has no data, so nothing of a user`, {
      hint: "Where its data stage was cut short, do it again or delete the folder.",
    });
  const labels = new Map(
    readTasks(run).map(({ name, itemFields }) => [name, itemFields.filter(({ label }) => label).map((f) => f.name)]),
  );
  const queries = new Set<string>();
  const owners = new Set<string>();
  const [own, others] = [new Set<string>(), new Set<string>()];
  for (const split of SPLITS) {
    const path = join(run, "data", `${split}.jsonl`);
    if (!existsSync(path)) continue;
    for await (const example of streamShown(path)) {
      const theirs = example.user === user;
      if (theirs) queries.add(`${example.task}/${example.id}`);
      if (theirs) owners.add(`${example.task}/${user}`);
      for (const text of textsOf(example, labels.get(example.task) ?? [])) (theirs ? own : others).add(text);
    }
  }
  if (queries.size === 0)
    throw new TagprError("data", `${run} has no user ${JSON.stringify(user)}`, {
      hint: "A user is named by the id in the data: tagpr data show RUN shows them. Who was forgotten before is not there any more.",
    });
  return { user, owners, queries, texts: [...own].filter((text) => !others.has(text)) };
}

function textsOf({ input, gold, shown }: ShownExample, labels: readonly string[]): string[] {
  const fields = shown.flatMap((item) =>
    Object.entries(item.fields).flatMap(([name, text]) => (labels.includes(name) && text.length < 40 ? [] : [text])),
  );
  return [input, gold ?? "", ...fields].map((text) => text.trim()).filter(tells);
}

const tells = (text: string): boolean =>
  text.length >= TELLING ||
  (text.length >= TELLING / 2 && /[\p{Script=Han}\p{Script=Hangul}\p{Script=Kana}]/u.test(text));

/** Whether a text, as it is written in a file, holds one of theirs. */
export function holds({ texts }: Target, written: string): boolean {
  return texts.some((text) => written.includes(text) || written.includes(JSON.stringify(text).slice(1, -1)));
}
