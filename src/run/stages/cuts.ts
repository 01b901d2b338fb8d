import { join } from "node:path";
import { writeJsonl } from "../../core/jsonl.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import type { Asking } from "../../model/asking.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import type { StageContext } from "../stage.ts";
import { promptLengths, tooLong } from "../support/prompt-lengths.ts";

/** Says before anything is paid or trained that most prompts won't hold their items, and what would hold nine of ten of them. */
export async function foretellCuts(
  { config, progress, modelDir }: Pick<StageContext, "config" | "progress" | "modelDir">,
  tasks: readonly Task[],
  examples: readonly ShownExample[],
): Promise<void> {
  const renderer = loadRenderer(await modelDir(config.model));
  const said = tooLong(promptLengths(renderer, tasks, examples), config.prompt.max_tokens);
  if (said !== null) progress.say(said);
}

/**
 * Says how many of a training stage's prompts don't hold all of their items, and writes what was taken of which into
 * `cuts.jsonl`: nothing of a history is left out in silence. Evaluation says it with each prediction.
 */
export function tellCuts(
  { dir, config, progress }: Pick<StageContext, "dir" | "config" | "progress">,
  { cutOf }: Pick<Asking, "cutOf">,
  examples: readonly ShownExample[],
): void {
  const rows = examples
    .map((example) => ({ task: example.task, query: example.id, cut: cutOf(example) }))
    .filter(({ cut }) => cut.length > 0);
  writeJsonl(join(dir, "cuts.jsonl"), rows);
  if (rows.length > 0)
    progress.say(
      `${rows.length} of ${examples.length} prompts are cut to fit prompt.max_tokens (${config.prompt.max_tokens}): cuts.jsonl says where`,
    );
}
