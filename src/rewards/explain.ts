import { readResponse } from "../prompts/response.ts";
import { computeRewards, type RewardInput } from "./compute.ts";
import { countNgrams } from "./repetition.ts";
import { tagChecks } from "./tag.ts";
import { decidingStatement, statementsOf } from "./truth.ts";
import { SIGNALS, type Signal } from "./weights.ts";

/** One signal of one response, and why it has its value. */
export interface ExplainedSignal {
  readonly signal: string;
  readonly value: number;
  readonly weight: number;
  /** weight · value: what it adds to the total. */
  readonly part: number;
  readonly why: string;
}

/** Each signal of a response with its reason, for `tagpr rewards explain`. */
export function explainRewards(input: RewardInput): {
  readonly signals: readonly ExplainedSignal[];
  readonly total: number;
} {
  const { task, text, tags, truncated } = input;
  const reading = input.reading ?? readResponse(text, { task, tags, truncated });
  const rewards = computeRewards({ ...input, reading });
  const why: Readonly<Record<string, string>> = reasons({ ...input, reading });
  const signals = [...SIGNALS, ...Object.keys(input.own ?? {})].map((signal) => {
    const [value, weight] = [rewards[signal] ?? 0, input.weights[signal] ?? 0];
    return { signal, value, weight, part: weight * value, why: why[signal] ?? "your own signal, as the run logged it" };
  });
  return { signals, total: rewards.total };
}

function reasons(input: RewardInput & Required<Pick<RewardInput, "reading">>): Readonly<Record<Signal, string>> {
  const { reading, config, text, task, gold, tags } = input;
  const { distinct, all } = countNgrams(text, config.ngram);
  const checks = tagChecks(reading, config.min_tags);
  const strangers = [...new Set(reading.steps.map((s) => s.tag ?? "(no tag)"))].filter((tag) => !tags.includes(tag));
  const failed = [
    checks.wellFormed ? "" : `not well-formed: ${reading.chainFault ?? "no step"}`,
    checks.allowed ? "" : `tags outside of the set: ${strangers.join(", ") || "no tag at all"}`,
    checks.enough ? "" : `fewer than ${config.min_tags} non-empty steps`,
  ].filter((reason) => reason !== "");
  const unreadable = reading.formatOk && !reading.answerOk ? `the answer can't be read as ${task.answer}` : reading.why;
  return {
    verifiable:
      reading.answer === null
        ? `no answer: ${unreadable ?? "unreadable"}`
        : `answer ${JSON.stringify(reading.answer)} against gold ${JSON.stringify(gold)} (${MEASURE[task.kind]})`,
    format:
      reading.formatOk && reading.answerOk
        ? "one <think>…</think>, then a readable answer"
        : (unreadable ?? "unreadable"),
    repetition: all === 0 ? `no ${config.ngram}-gram` : `${distinct} of ${all} ${config.ngram}-grams are distinct`,
    tag: failed.length === 0 ? "all three checks pass" : failed.join("; "),
    personalization: personalizationReason(input),
    grounding: groundingReason(input),
  };
}

const MEASURE = {
  classification: "equal or not",
  ordinal: "1 − distance over the range of grades",
  generation: "mean of ROUGE-1 and ROUGE-L F",
} as const;

function groundingReason({ reading, task, example }: Parameters<typeof reasons>[0]): string {
  if (!example) return "the items that were shown are not known here";
  const all = statementsOf(reading.steps, task, example);
  const deciding = decidingStatement(all, reading.answer);
  if (deciding === null) return "no statement about the history";
  const wrong = all.filter(({ fault }) => fault !== null).length;
  const rests = `the answer rests on "${deciding.text}", which is ${deciding.fault === null ? "true" : `false (${deciding.fault})`}`;
  return `${all.length - wrong} of ${all.length} statements are true; ${rests}`;
}

function personalizationReason({ logit, centre, config, reading }: RewardInput): string {
  if (reading !== undefined && !(reading.formatOk && reading.answerOk)) return "0 because the format fails";
  if (logit === undefined || logit === null) return "no reward model";
  if (config.raw_personalization || centre === undefined || centre === null)
    return `sigmoid of the logit ${logit.toFixed(3)}`;
  return `sigmoid of the logit ${logit.toFixed(3)}, centred at ${centre.mean.toFixed(3)} over ${centre.spread.toFixed(3)}`;
}
