import type pc from "picocolors";
import { printable } from "../core/printable.ts";
import type { Task } from "../data/task.ts";
import { itemLine } from "../prompts/chat.ts";
import type { Choice, SaidStep } from "../serve/answer.ts";
import type { Prepared } from "../serve/prepare.ts";
import { cutText } from "./commands/data/trained.ts";

type Paint = ReturnType<typeof pc.createColors>;

/** What the model was shown, and by what it was chosen. */
export function shownText(paint: Paint, { shown, question }: Prepared): string {
  const { items, history, retriever, cuts } = shown;
  const head =
    history === 0
      ? "no history"
      : `${items.length} of ${history} items shown, oldest first, chosen by ${retriever.name} (k = ${retriever.k})`;
  const lines = items.map((item) => {
    const why = item.score === null ? "" : ` ${paint.dim(`(${retriever.name} ${item.score.toFixed(2)})`)}`;
    return `  ${paint.dim(printable(item.date ?? "no date"))} ${printable(itemLine(question.task, item, item.number))}${why}`;
  });
  const cut = cuts.length === 0 ? [] : [paint.yellow(printable(cutText(cuts)))];
  return [paint.bold(head), ...lines, ...cut, ""].join("\n");
}

/** The steps in the colour of their tag, statements that are false struck through with the reason, and the answer. */
export function choiceText(paint: Paint, tags: readonly string[], choice: Choice): string {
  const width = Math.max(0, ...choice.steps.map(({ tag }) => (tag ?? UNTAGGED).length));
  const steps = choice.steps.flatMap((step) => stepLines(paint, tags, width, step));
  const fault = choice.fault === null ? [] : [paint.yellow(`not clean: ${printable(choice.fault)}`)];
  const read = choice.answer === null && choice.read !== "" ? [paint.dim(`read as ${printable(choice.read)}`)] : [];
  const answer = choice.content === "" ? paint.dim("no answer") : paint.bold(printable(choice.content));
  return [...steps, `${paint.green("answer")} ${answer}`, ...read, ...fault, ""].join("\n");
}

const UNTAGGED = "(no tag)";

function stepLines(paint: Paint, tags: readonly string[], width: number, step: SaidStep): string[] {
  const name = step.tag ?? UNTAGGED;
  const head = colourOf(paint, tags, step.tag)(printable(name).padEnd(width));
  const wrong = new Map(step.false.map(({ text, fault }) => [text, fault ?? ""]));
  const struck = (said: string): string =>
    paint.red(`✗ ${paint.strikethrough(printable(said))} ${printable(`(${wrong.get(said)})`)}`);
  const lines = step.text.split("\n").map((line) => (wrong.has(line.trim()) ? struck(line.trim()) : printable(line)));
  const parts = [...wrong.keys()].filter((said) => !step.text.split("\n").some((line) => line.trim() === said));
  return [...lines, ...parts.map(struck)].map((line, i) => `${i === 0 ? head : " ".repeat(width)}  ${line}`);
}

function colourOf(paint: Paint, tags: readonly string[], tag: string | null): (text: string) => string {
  const colours = [paint.cyan, paint.magenta, paint.blue, paint.yellow, paint.green];
  const at = tag === null ? -1 : tags.indexOf(tag);
  return at < 0 ? paint.dim : (colours[at % colours.length] ?? paint.dim);
}

/** Tokens and time. */
export function costText(paint: Paint, { shown }: Prepared, choices: readonly Choice[], seconds: number): string {
  const tokens = choices.reduce((sum, choice) => sum + choice.tokens, 0);
  return paint.dim(`${shown.promptTokens} prompt tokens, ${tokens} new, ${seconds.toFixed(1)} s`);
}

/** How often each answer came, of several. */
export function tallyText(choices: readonly Choice[], { kind }: Pick<Task, "kind">): string | null {
  if (choices.length < 2 || kind === "generation") return null;
  const counts = new Map<string, number>();
  for (const { answer } of choices) {
    const name = answer ?? "unreadable";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rows = [...counts].sort(([, a], [, b]) => b - a).map(([name, n]) => `${printable(name)} × ${n}`);
  return `${choices.length} samples: ${rows.join(", ")}`;
}
