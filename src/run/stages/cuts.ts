import { join } from "node:path";
import { writeJsonl } from "../../core/jsonl.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import type { Asking } from "../../model/asking.ts";
import { chatMessages } from "../../prompts/chat.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import type { StageContext } from "../stage.ts";

/** Queries whose prompts are looked at before a run begins. */
const LOOKED_AT = 64;

/**
 * Says before anything is paid or trained that most prompts won't hold their items, and what would hold nine of ten of
 * them. The tags are not known yet, whose names may take some tokens more.
 */
export async function foretellCuts(
  { config, progress, modelDir }: Pick<StageContext, "config" | "progress" | "modelDir">,
  tasks: readonly Task[],
  examples: readonly ShownExample[],
): Promise<void> {
  const renderer = loadRenderer(await modelDir(config.model));
  const style = { reasoning: true, tags: [] };
  const lengths = examples.slice(0, LOOKED_AT).flatMap((example) => {
    const task = tasks.find(({ name }) => name === example.task);
    return task === undefined
      ? []
      : renderer.promptTokens(chatMessages(task, example, example.shown, style), { thinking: true }).length;
  });
  const over = lengths.filter((length) => length > config.prompt.max_tokens).length;
  if (over * 2 <= lengths.length) return;
  const nine = lengths.toSorted((a, b) => a - b)[Math.floor(0.9 * lengths.length)] ?? 0;
  progress.say(
    `${over} of ${lengths.length} prompts are longer than prompt.max_tokens (${config.prompt.max_tokens}), so most items will be cut: ${64 * Math.ceil(nine / 64 + 0.5)} would hold nine of ten (and sft.max_tokens as much more), or show fewer items (profile.k), or whole ones up to a length (profile.characters).`,
  );
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
