import type pc from "picocolors";
import { printable } from "../../../core/printable.ts";
import type { Task } from "../../../data/task.ts";
import type { ShownExample } from "../../../data/types.ts";
import { type AskOptions, askPrompt } from "../../../prompts/ask.ts";
import type { Cut } from "../../../prompts/budget.ts";
import { responseTokens } from "../../../prompts/generate.ts";
import type { Learnt } from "../../../run/records-of.ts";

export type Paint = ReturnType<typeof pc.createColors>;

/** The prompt dim, and every token that has a weight in the loss in green, two shades in turn; in brackets where there is no colour. */
export function trainedText(
  paint: Paint,
  task: Task,
  example: ShownExample,
  options: AskOptions,
  learnt: Learnt | null,
): string {
  const asked = learnt === null ? { ...options, reasoning: false } : options;
  const { prompt, tokens, cut } = askPrompt(task, example, asked);
  const parts = completions(example, asked, tokens, learnt).map(({ name, completion }) => {
    if (completion.length === 0) return `${paint.cyan(printable(name))}\n${paint.dim(printable(prompt))}\n`;
    const head = `${paint.cyan(printable(name))}: ${tokens.length} prompt tokens not trained on, ${completion.length} trained on (the end of the turn is the last); ${printable(cutText(cut))}`;
    const pieces = completion.map((token) => printable(pieceOf(options, token)));
    return `${head}\n${paint.dim(printable(prompt))}${painted(paint, pieces)}\n`;
  });
  return `${parts.join("\n")}\n`;
}

interface Completion {
  readonly name: string;
  /** Tokens that are trained on, with the end of the turn; none where nothing is. */
  readonly completion: readonly number[];
}

/** SFT's own items of a query, the ones to train on first; of a folder, which no run has chosen a form for, the bare answer. */
function completions(
  example: ShownExample,
  { renderer, reasoning }: AskOptions,
  prompt: readonly number[],
  learnt: Learnt | null,
): Completion[] {
  if (learnt === null) {
    const name = "no chain: the bare answer, as SFT without reasoning learns it";
    return [{ name, completion: responseTokens(renderer, example.gold ?? "") }];
  }
  const { form, max_chains, max_tokens } = learnt.sft;
  const prefix = reasoning ? renderer.responsePrefix : "";
  const { train, heldOut, tooLong } = learnt.items(example, { codec: renderer, promptOf: () => prompt, prefix });
  const named = (id: string): string =>
    form === "gold"
      ? "the true answer"
      : `chain ${id.split("/").at(-1)}${form === "untagged" ? " without its tags" : ""}`;
  const drawn = max_chains === 0 ? "" : `, if it is among the ${max_chains} that sft.max_chains draws`;
  const items = [
    ...train.map(({ id, completion }) => ({ name: `${named(id)}${drawn}`, completion })),
    ...heldOut.map(({ id, completion }) => ({
      name: `${named(id)}, held out: its loss is only looked at`,
      completion,
    })),
  ];
  const left = tooLong === 0 ? "" : `${tooLong} with its prompt longer than sft.max_tokens (${max_tokens}), left out`;
  if (items.length > 0) return left === "" ? items : [...items, { name: left, completion: [] }];
  const none = form === "gold" ? "it is none of the chains' queries" : "no chain of it is kept";
  return [{ name: `SFT (sft.form ${form}) learns nothing of this query: ${left || none}`, completion: [] }];
}

/** What was taken to make a prompt fit, in words. */
export function cutText(cut: readonly Cut[]): string {
  if (cut.length === 0) return "nothing was cut";
  const told = cut.map(({ item, field, from, to }) =>
    field === null
      ? `${/^turn \d+$/.test(item) ? item : `item ${item}`} left out`
      : `${item === "input" ? "the input" : `${field} of item ${item}`} cut from ${from} to ${to} tokens`,
  );
  return `cut: ${told.join(", ")}`;
}

/** The end of a turn decodes to nothing: it is written out. */
function pieceOf({ renderer }: AskOptions, token: number): string {
  return renderer.eosIds.includes(token) ? "⏎" : renderer.decode([token]);
}

function painted(paint: Paint, pieces: readonly string[]): string {
  if (!paint.isColorSupported) return `⟦${pieces.join("")}⟧`;
  return pieces.map((piece, i) => (i % 2 === 0 ? paint.green(piece) : paint.greenBright(piece))).join("");
}
