import type { PrmuConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { groupBy } from "../core/group.ts";
import { stream } from "../core/random.ts";
import type { QueryId, ShownExample, UserId } from "../data/types.ts";
import { type LengthBalance, lengthBalance } from "./clues.ts";
import type { PairSource, Sampled } from "./sample.ts";
import { type PairSplit, splitter } from "./split.ts";

/**
 * PRP (Profile-Reasoning Preference): generated with the profile over generated without it; both are *scored* under the
 * prompt with the profile, else the prompt would be the label. PQP (Personalized-Quality Preference): of two responses
 * with the profile, the one with the higher verifiable reward. Ties and near-ties are left out.
 */
export type PairKind = "PRP" | "PQP";

/** What the variant `general` learns from: of two responses *without* the profile the better one, under the prompt without it. */
export type TrainedKind = PairKind | "general";

/** Two whole responses to one query, the better one first; what scoring needs. */
export interface Scored {
  readonly id: number;
  readonly task: string;
  readonly query: QueryId;
  readonly user: UserId | null;
  /** Whole responses. */
  readonly preferred: string;
  readonly rejected: string;
  /** Verifiable rewards. */
  readonly preferredScore: number;
  readonly rejectedScore: number;
  /** Lengths in tokens. */
  readonly preferredTokens: number;
  readonly rejectedTokens: number;
}

export interface Pair extends Scored {
  readonly kind: TrainedKind;
  readonly split: PairSplit;
}

export interface PairStats {
  readonly queries: number;
  /** Pairs chosen, by kind and split. */
  readonly pairs: Readonly<Record<PairKind, { readonly train: number; readonly held_out: number }>>;
  /** What length alone tells about the training and the held-out pairs of each kind. */
  readonly length: Readonly<Record<PairKind, { readonly train: LengthBalance; readonly held_out: LengthBalance }>>;
}

interface Candidate {
  readonly source: PairSource;
  readonly preferred: Sampled;
  readonly rejected: Sampled;
}

/**
 * Preference pairs of both kinds as they come: at most `pairs_per_query` a query, queries taken in turn over tasks and
 * users until the cap, training and held-out pairs each by themselves. With `filter_pairs` (ours) only responses whose
 * format passes take part, as only they are scored in RL, and both sides' chains are clean or neither's is: broken tags
 * are the tag reward's business and would be a clue.
 */
export function buildPairs(
  sources: readonly PairSource[],
  config: PrmuConfig,
  seed: number,
): { readonly pairs: Pair[]; readonly stats: PairStats } {
  const order = inTurn(sources, seed);
  const splitOf = splitter(
    sources.map(({ example }) => example),
    config.held_out,
    seed,
  );
  const of = ({ example }: PairSource): Pair["split"] => splitOf(example);
  const chosen = (
    kind: TrainedKind,
    split: Pair["split"],
    cap: number,
    candidates: (source: PairSource) => Candidate[],
  ): Omit<Pair, "id">[] => {
    const own = order.filter((source) => of(source) === split);
    const lists = own.map((source) => stream(seed, "prmu", kind, keyOf(source)).shuffle(candidates(source)));
    return inTurns(lists, config.pairs_per_query)
      .slice(0, cap)
      .map((c) => toPair(kind, c, split));
  };
  // Training and held-out queries each get their share of the cap; together never more than it.
  const heldShare = order.filter((source) => of(source) === "held_out").length / Math.max(1, order.length);
  const ofKind = (kind: PairKind, cap: number, candidates: (source: PairSource) => Candidate[]): Omit<Pair, "id">[] => {
    const held = Math.round(cap * heldShare);
    return [...chosen(kind, "train", cap - held, candidates), ...chosen(kind, "held_out", held, candidates)];
  };
  const general = (source: PairSource): Candidate[] => betterOf(source, source.withoutProfile, config);
  const pairs = [
    ...ofKind("PRP", config.prp_pairs, (source) => prpCandidates(source, config)),
    ...ofKind("PQP", config.pqp_pairs, (source) => betterOf(source, source.withProfile, config)),
    ...(config.variant === "general" ? chosen("general", "train", config.prp_pairs + config.pqp_pairs, general) : []),
  ].map((pair, id) => ({ id, ...pair }));
  return { pairs, stats: statsOf(sources.length, pairs) };
}

/** At most `most` of each list, lists taken in turn: the first of each, the second of each, … */
export const inTurns = <T>(lists: readonly (readonly T[])[], most: number): T[] =>
  roundRobin(lists.map((list) => list.slice(0, most)));

/** Elements of several lists in turn. */
function roundRobin<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  return Array.from({ length: longest }, (_, k) => lists.flatMap((list) => list.slice(k, k + 1))).flat();
}

/** Both readable, and both chains clean or neither. */
export const alike = (a: Sampled, b: Sampled): boolean => a.formatOk && b.formatOk && a.chainOk === b.chainOk;

/**
 * What says nothing of the profile it was given could have been written without it: such a pair is a tie (ours). With
 * them a reward model learns that generic chains are preferred, since a policy that has habits writes many.
 */
function prpCandidates(source: PairSource, { prp_against, filter_pairs }: PrmuConfig): Candidate[] {
  const others = prp_against === "no_profile" ? source.withoutProfile : source.otherProfile;
  const usesProfile = source.withProfile.filter((s) => !filter_pairs || s.mentions > 0);
  return usesProfile.flatMap((preferred) =>
    others
      .filter((rejected) => (!filter_pairs || alike(preferred, rejected)) && rejected.text !== preferred.text)
      .map((rejected) => ({ source, preferred, rejected })),
  );
}

/** Of two responses the one with the higher score. */
function betterOf(source: PairSource, from: readonly Sampled[], { min_gap, filter_pairs }: PrmuConfig): Candidate[] {
  return from.flatMap((preferred) =>
    from
      .filter((rejected) => !filter_pairs || alike(preferred, rejected))
      .filter((rejected) => preferred.score - rejected.score >= Math.max(min_gap, Number.EPSILON))
      .map((rejected) => ({ source, preferred, rejected })),
  );
}

/** Tasks in turn, within a task users in turn, within a user queries in random order. */
function inTurn(sources: readonly PairSource[], seed: number): PairSource[] {
  const random = stream(seed, "prmu", "order");
  const byTask = groupBy(sources, (s) => s.example.task);
  return roundRobin(
    [...byTask.values()].map((ofTask) => {
      const byUser = groupBy(ofTask, (s) => s.example.user ?? `query ${s.example.id}`);
      return roundRobin(random.shuffle([...byUser.values()]).map((ofUser) => random.shuffle(ofUser)));
    }),
  );
}

const keyOf = ({ example }: PairSource): string => `${example.task}/${example.id}`;

const toPair = (
  kind: TrainedKind,
  { source, preferred, rejected }: Candidate,
  split: Pair["split"],
): Omit<Pair, "id"> => ({
  kind,
  ...toScored(source.example, preferred, rejected),
  split,
});

export const toScored = (
  { task, id: query, user }: PairSource["example"],
  preferred: Sampled,
  rejected: Sampled,
): Omit<Scored, "id"> => ({
  task,
  query,
  user,
  preferred: preferred.text,
  rejected: rejected.text,
  preferredScore: preferred.score,
  rejectedScore: rejected.score,
  preferredTokens: preferred.tokens,
  rejectedTokens: rejected.tokens,
});

function statsOf(queries: number, pairs: readonly Pair[]): PairStats {
  const of = (kind: PairKind, split: Pair["split"]): Pair[] =>
    pairs.filter((p) => p.kind === kind && p.split === split);
  const both = <T>(kind: PairKind, f: (pairs: readonly Pair[]) => T): { train: T; held_out: T } => ({
    train: f(of(kind, "train")),
    held_out: f(of(kind, "held_out")),
  });
  const count = (p: readonly Pair[]): number => p.length;
  const length = (p: readonly Pair[]): LengthBalance =>
    lengthBalance(p.map((x) => x.preferredTokens - x.rejectedTokens));
  return {
    queries,
    pairs: { PRP: both("PRP", count), PQP: both("PQP", count) },
    length: { PRP: both("PRP", length), PQP: both("PQP", length) },
  };
}

/** Example of each pair; pairs keep query ids alone. */
export function exampleOf(examples: ReadonlyMap<string, ShownExample>, pair: Scored): ShownExample {
  const example = examples.get(`${pair.task}/${pair.query}`);
  if (example !== undefined) return example;
  throw new TagprError("data", `pair ${pair.id}: query ${pair.task}/${pair.query} is not among the PRMU queries`, {
    hint: "The pairs belong to other data: run the prmu stage again.",
  });
}

/** Rows of the user table, from 1, for the (task, user) keys of the training pairs; everyone else is row 0. */
export function userRows(pairs: readonly Pair[]): Readonly<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const pair of pairs) {
    if (pair.split !== "train" || pair.user === null) continue;
    rows[userKey(pair.task, pair.user)] ??= Object.keys(rows).length + 1;
  }
  return rows;
}

/** The key of a user's row: a user is another one in each task. */
export const userKey = (task: string, user: UserId): string => `${task}/${user}`;

export const rowOf = (rows: Readonly<Record<string, number>>, task: string, user: UserId | null): number =>
  user === null ? 0 : (rows[userKey(task, user)] ?? 0);
