import { stream } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { Centre } from "../rewards/personalization.ts";
import { clusteredMean } from "../stats/resample.ts";
import { type Clue, controlWeights, type LengthBalance, lengthBalance } from "./clues.ts";
import type { FaultKind, FaultPair } from "./faults.ts";
import { gapOf } from "./gaps.ts";
import { exampleOf, type Pair, type PairKind, rowOf, type Scored } from "./pairs.ts";
import { requireLogits } from "./score.ts";
import type { ScoreItem } from "./scorer-types.ts";
import type { Borrow } from "./warm-start.ts";

/** Accuracy on pairs that were not trained on; ties count half. */
export interface PairAccuracy {
  readonly pairs: number;
  /** Null without pairs. */
  readonly accuracy: number | null;
  /** 95% interval, users resampled; null with pairs of fewer than two users. */
  readonly low: number | null;
  readonly high: number | null;
}

/** The model's accuracy minus a rule's on the same pairs. */
export interface Lead {
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface HeldOutReport {
  /** By kind and by whether the user has pairs among those trained on (with user embeddings: a row of their own). */
  readonly accuracy: Readonly<Record<PairKind, { readonly seen: PairAccuracy; readonly unseen: PairAccuracy }>>;
  /** Seen users scored as if unknown: what is lost without their row. */
  readonly seenMasked: Readonly<Record<PairKind, PairAccuracy>>;
  /** Seen users' pairs of both kinds: accuracy with their own row minus that as if unknown; null without user embeddings. */
  readonly ownRow: Lead | null;
  /** Unseen users scored with a borrowed row; no pairs where `prmu.warm_start` is 0. */
  readonly unseenBorrowed: Readonly<Record<PairKind, PairAccuracy>>;
  /** A rule that looks at length alone. */
  readonly length: Readonly<Record<PairKind, LengthBalance>>;
  /** A rule that looks only at how much is said of the history ({@link mentions}); same fields, mentions for tokens. */
  readonly history: Readonly<Record<PairKind, LengthBalance>>;
  /** The model over the better of each rule's two directions. */
  readonly over: Readonly<Record<PairKind, Readonly<Record<Clue, Lead>>>>;
  /** Accuracy where the clue is worth nothing ({@link controlWeights}): of the pairs in strata that have both sides. */
  readonly controlled: Readonly<Record<PairKind, Readonly<Record<Clue, PairAccuracy>>>>;
  /** Pairs with a planted fault on the rejected side; never trained on. */
  readonly faults: Readonly<Record<FaultKind, PairAccuracy>>;
  /** Mean Bradley–Terry loss, nats a pair; ln 2 = 0.693 is chance. Null without pairs. */
  readonly loss: number | null;
  /** Pairs by predicted probability of the preferred side's being preferred, folded at one half, in five bins. */
  readonly calibration: readonly { readonly predicted: number; readonly right: number; readonly pairs: number }[];
}

/** Logits of responses, in order; `rowFor` replaces a user's row. */
export type Score = (items: readonly ScoreItem[], rowFor?: (item: ScoreItem) => number) => Promise<readonly number[]>;

/** Both sides' logits of each pair. */
export async function scorePairs(
  score: Score,
  pairs: readonly Scored[],
  examples: ReadonlyMap<string, ShownExample>,
  rowFor?: (item: ScoreItem) => number,
): Promise<{ readonly preferred: number; readonly rejected: number }[]> {
  const items = pairs.flatMap((pair): ScoreItem[] => {
    const example = exampleOf(examples, pair);
    return [
      { example, text: pair.preferred },
      { example, text: pair.rejected },
    ];
  });
  const logits = requireLogits(await score(items, rowFor));
  return pairs.map((_, i) => ({ preferred: logits[2 * i] ?? Number.NaN, rejected: logits[2 * i + 1] ?? Number.NaN }));
}

/** What is assessed: pairs that were not trained on, faults planted in them, their queries and tasks. */
export interface HeldOut {
  readonly pairs: readonly Pair[];
  readonly faults: readonly FaultPair[];
  readonly examples: ReadonlyMap<string, ShownExample>;
  readonly tasks: readonly Task[];
  /** Users with training pairs, as {@link userRows} has them: seen, whether the model has rows for them or not. */
  readonly users: Readonly<Record<string, number>>;
  /** Whether the model has rows. */
  readonly rows: boolean;
  /** Null: users without a row have the unknown one. */
  readonly borrow: Borrow | null;
}

const KINDS = ["PRP", "PQP"] as const;

type Margin<P> = { readonly pair: P; readonly margin: number };

const isSeen = ({ users }: HeldOut, pair: Scored): boolean => rowOf(users, pair.task, pair.user) > 0;

/** The held-out report and the centring, from one scoring of the held-out pairs. */
export async function assess(
  score: Score,
  held: HeldOut,
): Promise<{ readonly report: HeldOutReport; readonly centre: Centre }> {
  const { pairs, examples, faults, borrow } = held;
  const judge = async <P extends Scored>(some: readonly P[], rowFor?: (item: ScoreItem) => number) => {
    const logits = await scorePairs(score, some, examples, rowFor);
    return zipStrict(some, logits).map(([pair, s]) => ({ pair, ...s, margin: s.preferred - s.rejected }));
  };
  const judged = await judge(pairs);
  const withRow = !held.rows ? [] : pairs.filter((pair) => isSeen(held, pair));
  const masked = await judge(withRow, () => 0);
  const unseen = borrow === null ? [] : pairs.filter((pair) => !isSeen(held, pair));
  const borrowed = await judge(unseen, ({ example }) => borrow?.(example) ?? 0);
  const margins = judged.map(({ margin }) => margin);
  const report: HeldOutReport = {
    ...byUsers(held, judged, masked, borrowed),
    ownRow: !held.rows ? null : leadOverMasked(judged, masked),
    ...besideRules(held, judged),
    faults: faultReport(await judge(faults)),
    loss: margins.length === 0 ? null : average(margins.map(bradleyTerry)),
    calibration: calibrationOf(margins),
  };
  // The rows that RL will score with: who has none borrows one.
  const scored = borrow === null ? judged : [...judged.filter(({ pair }) => isSeen(held, pair)), ...borrowed];
  return { report, centre: centreOf(scored) };
}

const byKind = <T>(f: (kind: PairKind) => T): Record<PairKind, T> => ({ PRP: f("PRP"), PQP: f("PQP") });
const ofKind = <P extends { readonly kind: string }>(all: readonly Margin<P>[], kind: string): Margin<P>[] =>
  all.filter(({ pair }) => pair.kind === kind);

/** `masked`: the seen users' pairs at row 0; `borrowed`: the others' with a row that was lent. */
function byUsers(
  held: HeldOut,
  judged: readonly Margin<Pair>[],
  masked: readonly Margin<Pair>[],
  borrowed: readonly Margin<Pair>[],
): Pick<HeldOutReport, "accuracy" | "seenMasked" | "unseenBorrowed"> {
  const seen = judged.filter(({ pair }) => isSeen(held, pair));
  const unseen = judged.filter(({ pair }) => !isSeen(held, pair));
  return {
    accuracy: byKind((kind) => ({ seen: accuracyOf(ofKind(seen, kind)), unseen: accuracyOf(ofKind(unseen, kind)) })),
    seenMasked: byKind((kind) => accuracyOf(ofKind(masked, kind))),
    unseenBorrowed: byKind((kind) => accuracyOf(ofKind(borrowed, kind))),
  };
}

function besideRules(
  held: HeldOut,
  judged: readonly Margin<Pair>[],
): Pick<HeldOutReport, "length" | "history" | "over" | "controlled"> {
  const lengthGap = (pair: Pair): number => gapOf("length", held, pair);
  const historyGap = (pair: Pair): number => gapOf("history", held, pair);
  const balanceBy = (gap: (pair: Pair) => number) =>
    byKind((kind) => lengthBalance(held.pairs.filter((pair) => pair.kind === kind).map(gap)));
  return {
    length: balanceBy(lengthGap),
    history: balanceBy(historyGap),
    over: byKind((kind) => ({
      length: leadOver(ofKind(judged, kind), lengthGap),
      history: leadOver(ofKind(judged, kind), historyGap),
    })),
    controlled: byKind((kind) => ({
      length: controlledAccuracy(ofKind(judged, kind), lengthGap),
      history: controlledAccuracy(ofKind(judged, kind), historyGap),
    })),
  };
}

/** A rule by the clue gets exactly 0.5 of these pairs. */
function controlledAccuracy(judged: readonly Margin<Pair>[], gap: (pair: Pair) => number): PairAccuracy {
  const weights = controlWeights(judged.map(({ pair }) => ({ gap: gap(pair), label: pair.task })));
  const rows = zipStrict(judged, weights).flatMap(([{ pair, margin }, weight]) =>
    weight === 0 ? [] : [[clusterOf(pair), weight * (point(margin) - 0.5)] as const],
  );
  const { mean, low, high } = overUsers(rows);
  // The interval of a mean is wider than a share can be where few pairs are judged.
  const from = (x: number | null): number | null => (x === null ? null : Math.min(1, Math.max(0, x + 0.5)));
  return { pairs: rows.length, accuracy: from(mean), low: from(low), high: from(high) };
}

/** `masked` are the same pairs as some of `judged`, in their order. */
function leadOverMasked(judged: readonly Margin<Pair>[], masked: readonly Margin<Pair>[]): Lead {
  const same = new Set(masked.map(({ pair }) => pair));
  const own = judged.filter(({ pair }) => same.has(pair));
  const rows = zipStrict(own, masked).map(([a, b]) => [clusterOf(a.pair), point(a.margin) - point(b.margin)] as const);
  const { mean, low, high } = overUsers(rows);
  return { difference: mean, low, high };
}

const faultReport = (judged: readonly Margin<FaultPair>[]): HeldOutReport["faults"] => ({
  invented: accuracyOf(ofKind(judged, "invented")),
  other_profile: accuracyOf(ofKind(judged, "other_profile")),
});

interface Verdict {
  readonly ok: boolean;
  readonly said: string;
}

/**
 * Whether the reward model is accepted, a sentence a reason, intervals included: on each kind it must beat both rules, on
 * planted faults chance, and its user embeddings, where it has any, the unknown row on seen users.
 */
export function verdicts(
  { over, controlled, faults, ownRow }: Pick<HeldOutReport, "over" | "controlled" | "faults" | "ownRow">,
  kinds: readonly PairKind[] = KINDS,
): {
  readonly accepted: boolean;
  readonly sentences: string[];
} {
  const judged = [
    ...kinds.map((kind) => besideRulesVerdict(kind, over[kind], controlled[kind])),
    faultVerdict("invented statements", faults.invented),
    faultVerdict("another user's items", faults.other_profile),
    ...(ownRow === null ? [] : [embeddingsVerdict(ownRow)]),
  ];
  return { accepted: judged.every(({ ok }) => ok), sentences: judged.map(({ said }) => said) };
}

function besideRulesVerdict(
  kind: PairKind,
  { length, history }: Readonly<Record<Clue, Lead>>,
  held: Readonly<Record<Clue, PairAccuracy>>,
): Verdict {
  if (length.difference === null) return { ok: false, said: `${kind}: no held-out pairs, nothing is known` };
  const ok = (length.low ?? 0) > 0 && (history.low ?? 0) > 0;
  return {
    ok,
    said: `${kind}: ${beats(ok)} rules that look only at length (by ${between(length)}) or at mentions of the history (by ${between(history)}); right in ${told(held.length)} where length tells nothing, in ${told(held.history)} where mentions tell nothing`,
  };
}

function faultVerdict(what: string, { pairs, accuracy, low, high }: PairAccuracy): Verdict {
  const name = `Planted faults, ${what}`;
  if (accuracy === null) return { ok: false, said: `${name}: no pairs, nothing is known` };
  const ok = (low ?? 0) > 0.5;
  return {
    ok,
    said: `${name}: ${beats(ok)} chance (${between({ difference: accuracy, low, high })} of ${pairs} right)`,
  };
}

function embeddingsVerdict(lead: Lead): Verdict {
  if (lead.difference === null)
    return { ok: false, said: "User embeddings: no held-out pairs of seen users, nothing is known" };
  const ok = (lead.low ?? 0) > 0;
  return { ok, said: `User embeddings: ${beats(ok)} the unknown row on seen users (by ${between(lead)})` };
}

const told = ({ pairs, accuracy, low, high }: PairAccuracy): string =>
  accuracy === null ? "no pairs" : `${between({ difference: accuracy, low, high })} of ${pairs} pairs`;
const beats = (ok: boolean): string => (ok ? "better than" : "not shown to be better than");
/** A difference and its interval. */
const between = ({ difference, low, high }: Lead): string =>
  `${inDigits(difference ?? 0)}${low === null || high === null ? ", one user: no interval" : ` [${inDigits(low)}, ${inDigits(high)}]`}`;
const inDigits = (value: number): string => value.toFixed(3).replace("-", "−");

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

type Judged = Margin<Pick<Scored, "task" | "user" | "query">>;

/** 1 where the preferred side wins, 1/2 for a tie. */
const point = (margin: number): number => (margin > 0 ? 1 : margin === 0 ? 0.5 : 0);
const clusterOf = ({ task, user, query }: Judged["pair"]): string => `${task}/${user ?? `query ${query}`}`;

const overUsers = (rows: readonly (readonly [string, number])[]) =>
  clusteredMean(rows, 1000, stream("prmu", "intervals"));

/** Share of margins above 0, ties counting half; 95% interval over users. */
export function accuracyOf(judged: readonly Judged[]): PairAccuracy {
  const { mean, low, high } = overUsers(judged.map(({ pair, margin }) => [clusterOf(pair), point(margin)]));
  return { pairs: judged.length, accuracy: mean, low, high };
}

/** Model minus the better direction of a rule that prefers the side with more (or less) of something. */
function leadOver<J extends Judged>(judged: readonly J[], gap: (pair: J["pair"]) => number): Lead {
  const rule = judged.map(({ pair }) => point(gap(pair)));
  const better = rule.reduce((sum, r) => sum + r - 0.5, 0) >= 0 ? rule : rule.map((r) => 1 - r);
  const { mean, low, high } = overUsers(
    judged.map(({ pair, margin }, i) => [clusterOf(pair), point(margin) - (better[i] as number)]),
  );
  return { difference: mean, low, high };
}

/** `predicted`: mean of max(p, 1 − p) in the bin; `right`: share of pairs where the side with p > 1/2 was the preferred one. */
function calibrationOf(margins: readonly number[]): HeldOutReport["calibration"] {
  const sure = margins.map((m) => 1 / (1 + Math.exp(-Math.abs(m))));
  return [0, 1, 2, 3, 4].flatMap((bin) => {
    const members = zipStrict(margins, sure).filter(([, p]) => Math.min(4, Math.floor((p - 0.5) * 10)) === bin);
    if (members.length === 0) return [];
    const right = average(members.map(([m]) => point(m)));
    return [{ predicted: average(members.map(([, p]) => p)), right, pairs: members.length }];
  });
}

const average = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
