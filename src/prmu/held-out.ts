import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { ShownExample } from "../data/types.ts";
import type { TrainingClient } from "../engine/types.ts";
import type { Centre } from "../rewards/personalization.ts";
import { type LengthBalance, lengthBalance } from "./balance.ts";
import { type Pair, type PairKind, rowOf } from "./pairs.ts";
import { type Input, scoreAll } from "./score.ts";
import type { ScoreItem } from "./scorer-types.ts";

/** Accuracy on pairs that were not trained on; ties count half. */
export interface PairAccuracy {
  readonly pairs: number;
  /** Null without pairs. */
  readonly accuracy: number | null;
}

export interface HeldOutReport {
  /** By kind and by whether the user has a row of their own. */
  readonly accuracy: Readonly<Record<PairKind, { readonly seen: PairAccuracy; readonly unseen: PairAccuracy }>>;
  /** Seen users scored as if unknown: what is lost without their row. */
  readonly seenMasked: Readonly<Record<PairKind, PairAccuracy>>;
  /** A rule that looks at length alone. */
  readonly length: Readonly<Record<PairKind, LengthBalance>>;
  /** Mean Bradley–Terry loss, nats a pair; ln 2 = 0.693 is chance. Null without pairs. */
  readonly loss: number | null;
  /** Pairs by predicted probability of the preferred side's being preferred, folded at one half, in five bins. */
  readonly calibration: readonly { readonly predicted: number; readonly right: number; readonly pairs: number }[];
}

/** Example of each pair; pairs keep query ids alone. */
export function exampleOf(examples: ReadonlyMap<string, ShownExample>, pair: Pair): ShownExample {
  const example = examples.get(`${pair.task}/${pair.query}`);
  if (example !== undefined) return example;
  throw new TagprError("data", `pair ${pair.id}: query ${pair.task}/${pair.query} is not among the PRMU queries`, {
    hint: "The pairs belong to other data: run the prmu stage again.",
  });
}

/** Both sides' logits of each pair. */
export async function scorePairs(
  training: TrainingClient,
  input: Input,
  pairs: readonly Pair[],
  examples: ReadonlyMap<string, ShownExample>,
  masked = false,
): Promise<{ readonly preferred: number; readonly rejected: number }[]> {
  const items = pairs.flatMap((pair): ScoreItem[] => {
    const example = exampleOf(examples, pair);
    return [
      { example, text: pair.preferred },
      { example, text: pair.rejected },
    ];
  });
  const logits = await scoreAll(training, input, items, masked ? () => 0 : undefined);
  return pairs.map((_, i) => ({ preferred: logits[2 * i] ?? Number.NaN, rejected: logits[2 * i + 1] ?? Number.NaN }));
}

/** The held-out report and the centring, from one scoring of the held-out pairs. */
export async function assess(
  training: TrainingClient,
  input: Input,
  pairs: readonly Pair[],
  examples: ReadonlyMap<string, ShownExample>,
): Promise<{ readonly report: HeldOutReport; readonly centre: Centre }> {
  const scored = await scorePairs(training, input, pairs, examples);
  const margins = scored.map((s) => s.preferred - s.rejected);
  const rows = input.rows;
  const isSeen = (pair: Pair): boolean => rows !== null && rowOf(rows, pair.task, pair.user) > 0;
  const seen = pairs.filter(isSeen);
  const masked = (await scorePairs(training, input, seen, examples, true)).map((s) => s.preferred - s.rejected);
  const byKind = <T>(f: (kind: PairKind) => T): Record<PairKind, T> => ({ PRP: f("PRP"), PQP: f("PQP") });
  const pick = (kind: PairKind, wantSeen: boolean): number[] =>
    margins.filter((_, i) => pairs[i]?.kind === kind && isSeen(pairs[i] as Pair) === wantSeen);
  const report: HeldOutReport = {
    accuracy: byKind((kind) => ({ seen: accuracyOf(pick(kind, true)), unseen: accuracyOf(pick(kind, false)) })),
    seenMasked: byKind((kind) => accuracyOf(masked.filter((_, i) => seen[i]?.kind === kind))),
    length: byKind((kind) =>
      lengthBalance(pairs.filter((p) => p.kind === kind).map((p) => p.preferredTokens - p.rejectedTokens)),
    ),
    loss: margins.length === 0 ? null : average(margins.map(bradleyTerry)),
    calibration: calibrationOf(margins),
  };
  return { report, centre: centreOf(scored) };
}

/** −log σ(margin), without overflow. */
export const bradleyTerry = (margin: number): number =>
  margin > 0 ? Math.log1p(Math.exp(-margin)) : -margin + Math.log1p(Math.exp(margin));

/** Mean of all logits, root mean square of the margins. Without pairs, or with margins of 0, nothing is scaled. */
export function centreOf(scored: readonly { readonly preferred: number; readonly rejected: number }[]): Centre {
  if (scored.length === 0) return { mean: 0, spread: 1 };
  const mean = average(scored.flatMap((s) => [s.preferred, s.rejected]));
  const spread = Math.sqrt(average(scored.map((s) => (s.preferred - s.rejected) ** 2)));
  return { mean, spread: spread > 0 ? spread : 1 };
}

/** Share of margins above 0, ties counting half. */
export function accuracyOf(margins: readonly number[]): PairAccuracy {
  const points = margins.map((m): number => (m > 0 ? 1 : m === 0 ? 0.5 : 0));
  return { pairs: margins.length, accuracy: margins.length === 0 ? null : average(points) };
}

/** `predicted`: mean of max(p, 1 − p) in the bin; `right`: share of pairs where the side with p > 1/2 was the preferred one. */
function calibrationOf(margins: readonly number[]): HeldOutReport["calibration"] {
  const sure = margins.map((m) => 1 / (1 + Math.exp(-Math.abs(m))));
  return [0, 1, 2, 3, 4].flatMap((bin) => {
    const members = zipStrict(margins, sure).filter(([, p]) => Math.min(4, Math.floor((p - 0.5) * 10)) === bin);
    if (members.length === 0) return [];
    const right = accuracyOf(members.map(([m]) => m)).accuracy ?? 0;
    return [{ predicted: average(members.map(([, p]) => p)), right, pairs: members.length }];
  });
}

const average = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
