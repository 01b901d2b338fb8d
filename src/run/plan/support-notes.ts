import { existsSync } from "node:fs";
import type { Config } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import { mean } from "../../core/mean.ts";
import type { Renderer } from "../../prompts/renderer.ts";
import { openFolder } from "../stages/data-files.ts";
import { foresee, foreseenText, refusalOf } from "../support/foreseen.ts";
import { promptLengths, tooLong } from "../support/prompt-lengths.ts";
import { firstShown, supportOf, supportText } from "../support/set.ts";
import type { TaskSizes } from "./sizes.ts";

/** What the folders of a config can support, told before anything is trained. */
export interface Supported {
  /** These know the chains of stated rules. */
  readonly tasks: readonly TaskSizes[];
  readonly notes: readonly string[];
  /** Mean tokens of the first queries' prompts with their items; null where none was seen. */
  readonly promptTokens: number | null;
}

/** Looks at the folders; without the model's tokenizer not at lengths. */
export async function withSupport(
  config: Config,
  tasks: readonly TaskSizes[],
  renderer: Renderer | null,
): Promise<Supported> {
  const { data, chains } = config;
  if (data.source !== "files") return { tasks, notes: [], promptTokens: null };
  const rulesAlone = teachersOf(config).every(({ kind }) => kind === "rules");
  const notes: string[] = [];
  const lengths: number[] = [];
  const seen = new Map<string, number>();
  for (const path of data.paths.filter((one) => existsSync(one))) {
    const dataset = await openFolder(path, data);
    const { task } = dataset;
    const examples = await firstShown(dataset, config);
    const support = supportOf(task, examples, config);
    if (support === null) continue;
    const { name } = task;
    const foreseen = rulesAlone ? await foresee(dataset, config).catch(refusalOf) : undefined;
    const more =
      foreseen === undefined ? [] : typeof foreseen === "string" ? [foreseen] : foreseenText(foreseen, support);
    notes.push(`${name}: ${[...supportText(support, chains), ...more].join("; ")}.`);
    if (typeof foreseen === "object") seen.set(name, foreseen.chains);
    if (renderer !== null) {
      const own = promptLengths(renderer, [task], examples);
      const said = tooLong(own, config.prompt.max_tokens);
      if (said !== null) notes.push(`${name}: ${said}`);
      lengths.push(...own.map((length) => Math.min(length, config.prompt.max_tokens)));
    }
  }
  return {
    notes,
    promptTokens: lengths.length === 0 ? null : Math.round(mean(lengths)),
    tasks: tasks.map((size) => {
      const byRules = seen.get(size.task);
      return byRules === undefined ? size : { ...size, byRules };
    }),
  };
}
