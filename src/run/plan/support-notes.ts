import { existsSync } from "node:fs";
import type { Config } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import { openFolder } from "../stages/data-files.ts";
import { enoughChains, LEAST_CHAINS, LEAST_QUERIES } from "../support/lessons.ts";
import { type SetSupport, supportOf, supportText } from "../support/set.ts";
import type { TaskSizes } from "./sizes.ts";

/** What the folders of a config can support, told before anything is trained; the sizes then know the chains of stated rules. */
export async function withSupport(
  config: Config,
  tasks: readonly TaskSizes[],
): Promise<{ readonly tasks: readonly TaskSizes[]; readonly notes: readonly string[] }> {
  const { data, chains } = config;
  if (data.source !== "files") return { tasks, notes: [] };
  const rulesAlone = teachersOf(config).every(({ kind }) => kind === "rules");
  const notes: string[] = [];
  const seen = new Map<string, number>();
  for (const path of data.paths.filter((one) => existsSync(one))) {
    const dataset = await openFolder(path, data);
    const support = await supportOf(dataset, config);
    if (support === null) continue;
    const { name } = dataset.task;
    notes.push(`${name}: ${supportText(support, chains).join("; ")}.`);
    const size = tasks.find(({ task }) => task === name);
    if (size === undefined || !rulesAlone) continue;
    const made = ofThese(support, size.chains);
    notes.push(madeText(size, made));
    seen.set(name, made.chains);
  }
  return {
    notes,
    tasks: tasks.map((size) => {
      const byRules = seen.get(size.task);
      return byRules === undefined ? size : { ...size, byRules };
    }),
  };
}

type Made = Pick<SetSupport["byRules"], "queries" | "chains">;

/** Of the queries that chains are made of, by the share that was seen. */
const ofThese = ({ queries, byRules }: SetSupport, asked: number): Made => ({
  queries: Math.round((byRules.queries * asked) / queries),
  chains: Math.round((byRules.chains * asked) / queries),
});

function madeText({ task, chains: asked }: TaskSizes, made: Made): string {
  const { queries, chains } = made;
  return `${task}: of the ${asked} queries for chains stated rules make some ${chains} chains, of ${queries} queries${enoughChains(made) ? "" : `, under the ${LEAST_CHAINS} of ${LEAST_QUERIES} that SFT wants: the run will end there (--anyway goes on)`}.`;
}
