import { fill } from "../../data/template.ts";
import type { ShownExample } from "../../data/types.ts";
import type { Answered, Prediction } from "../../eval/types.ts";
import type { Retraced } from "../../run/evaluation/retrace.ts";
import type { Evaluation } from "../../suites/evaluation.ts";
import { metricsOfOne } from "../../suites/find-answer.ts";
import { redacted } from "../../suites/formats/marks.ts";

interface Why {
  readonly evaluation: Evaluation;
  readonly prediction: Prediction;
  /** Null where the run's data is gone. */
  readonly example: ShownExample | null;
  readonly traced: Retraced | null;
  readonly method: string;
  readonly redact: boolean;
}

/** One answer with everything that it was made of. */
export function whyText({ evaluation, prediction, example, traced, method, redact }: Why): string {
  const text = (own: string): string => (redact ? redacted(own) : own);
  const task = evaluation.tasks.find(({ name }) => name === prediction.task);
  const { cost, cut, made, sampled } = prediction;
  const metrics = (answer: Answered): string =>
    task === undefined
      ? ""
      : (["strict", "lenient"] as const)
          .map((reading) => {
            const own = metricsOfOne(task, answer, prediction.gold, reading);
            return `${reading}: ${Object.entries(own)
              .map(([name, value]) => `${name} ${value.toFixed(4)}`)
              .join(", ")}`;
          })
          .join("; ");
  const reads = (answer: Answered): string[] => [
    `  read strictly: ${answer.strict === null ? "nothing" : text(answer.strict)}; leniently: ${text(answer.lenient)}`,
    `  ${metrics(answer)}; ${answer.tokens} tokens${answer.truncated ? ", cut off" : ""}`,
  ];
  const items = itemLines(example, traced, text, task);
  return `${[
    `${evaluation.label(method)} (${method}), ${prediction.task}, query ${prediction.query}${prediction.user === null ? "" : `, user ${redact ? "…" : prediction.user}`}`,
    `Evaluation ${evaluation.id}, seed ${evaluation.seed}; the score counts the ${evaluation.result.reading} reading.`,
    "",
    ...(example === null ? ["The query is not in the run's data any more."] : [`Query: ${text(example.input)}`]),
    `Gold: ${text(prediction.gold)}`,
    "",
    `Items (${evaluation.config.eval.profile.retriever ?? evaluation.config.profile.retriever}, oldest first)`,
    ...items,
    ...(cut === undefined
      ? []
      : [
          `Cut from the prompt to fit: ${cut.map(({ item, field }) => (field === null ? `item ${item}` : `${field} of ${item}`)).join(", ")}`,
        ]),
    "",
    ...(traced?.prompt == null
      ? ["Prompt: made by the method elsewhere."]
      : [`Prompt${traced.only ? "" : " (the first of several)"}:`, text(traced.prompt)]),
    "",
    "Response:",
    text(prediction.response),
    ...reads(prediction),
    ...(prediction.truth === undefined
      ? []
      : [
          `  of ${prediction.truth.stated} statements about the items ${prediction.truth.wrong} are false; the deciding one: ${prediction.truth.deciding === null ? "none" : prediction.truth.deciding ? "true" : "false"}`,
        ]),
    ...(sampled === undefined
      ? []
      : sampled.answers.flatMap((answer, i) => [
          "",
          `Sample ${i + 1} at temperature ${sampled.temperature}${sampled.primary ? " (counts in the score)" : ""}:`,
          text(answer.response),
          ...reads(answer),
        ])),
    ...(made === undefined ? [] : ["", "Made on the way:", text(JSON.stringify(made, null, 2))]),
    ...(cost === undefined
      ? []
      : [
          "",
          `Took ${cost.promptTokens} prompt and ${cost.sampledTokens} sampled tokens in ${cost.responses} responses${cost.dollars === undefined ? "" : `, ${cost.dollars.toFixed(5)} dollars`}.`,
        ]),
  ].join("\n")}\n`;
}

function itemLines(
  example: ShownExample | null,
  traced: Retraced | null,
  text: (own: string) => string,
  task: Evaluation["tasks"][number] | undefined,
): string[] {
  const shown = example?.shown ?? [];
  const scores = new Map((traced?.items ?? []).map(({ item, score }) => [item.id, score]));
  if (shown.length === 0) return ["  none"];
  return shown.map((item, i) => {
    const score = scores.get(item.id);
    const chosen = score === undefined ? "score not known" : score === null ? "no score" : `score ${score.toFixed(4)}`;
    const line =
      task === undefined ? Object.values(item.fields).join(" | ") : fill(task.item, (name) => item.fields[name]);
    return `  [${i + 1}] ${item.id}${item.date === undefined ? "" : `, ${item.date}`}, ${chosen}: ${text(line)}`;
  });
}
