import { join } from "node:path";
import { writeJsonl } from "../../core/jsonl.ts";
import type { ShownExample } from "../../data/types.ts";
import type { Asking } from "../../model/asking.ts";
import type { StageContext } from "../stage.ts";

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
