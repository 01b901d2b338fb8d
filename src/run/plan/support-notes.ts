import { existsSync } from "node:fs";
import type { Config } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import { openFolder } from "../stages/data-files.ts";
import { LEAST_CHAINS, LEAST_QUERIES } from "../support/lessons.ts";
import { type SetSupport, supportOf, supportText } from "../support/set.ts";
import type { TaskSizes } from "./sizes.ts";

/** What the folders of a config can support, told before anything is trained. */
export async function supportNotes(config: Config, tasks: readonly TaskSizes[]): Promise<string[]> {
  const { data, chains } = config;
  if (data.source !== "files") return [];
  const there = data.paths.filter((path) => existsSync(path));
  const notes: string[] = [];
  for (const path of there) {
    const dataset = await openFolder(path, data);
    const support = await supportOf(dataset, config);
    if (support === null) continue;
    const size = tasks.find(({ task }) => task === dataset.task.name);
    notes.push(`${dataset.task.name}: ${supportText(support, chains).join("; ")}.`);
    if (size !== undefined && teachersOf(config).every(({ kind }) => kind === "rules"))
      notes.push(ofThese(support, size));
  }
  return notes;
}

/** Of the queries that chains are made of, by the share that was seen. */
function ofThese({ queries, byRules }: SetSupport, { task, chains }: TaskSizes): string {
  const [some, kept] = [byRules.queries, byRules.chains].map((n) => Math.round((n * chains) / queries)) as [
    number,
    number,
  ];
  const enough = kept >= LEAST_CHAINS && some >= LEAST_QUERIES;
  return `${task}: of the ${chains} queries for chains that makes some ${kept} chains of ${some}${enough ? "" : `, under the ${LEAST_CHAINS} of ${LEAST_QUERIES} that SFT wants: the run will end there (--anyway goes on)`}.`;
}
