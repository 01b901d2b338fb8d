import type { PrmuConfig } from "../core/config/schema.ts";
import { groupBy } from "../core/group.ts";
import { stream } from "../core/random.ts";
import type { QueryId, UserId } from "../data/types.ts";
import { chooseBalanced, type LengthBalance, lengthBalance, roundRobin } from "./balance.ts";
import type { PairSource, Sampled } from "./sample.ts";
import { type PairSplit, splitter } from "./split.ts";

/**
 * PRP (Profile-Reasoning Preference): generated with the profile over generated without it; both are *scored* under the
 * prompt with the profile, else the prompt would be the label. PQP (Personalized-Quality Preference): of two responses
 * with the profile, the one with the higher verifiable reward. Ties and near-ties are left out.
 */
export type PairKind = "PRP" | "PQP";

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
  readonly kind: PairKind;
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
 * Preference pairs of both kinds: at most `pairs_per_query` a query, queries taken in turn over tasks and users until
 * the cap, lengths balanced within strata ({@link chooseBalanced}), training and held-out pairs each by themselves. Only
 * responses whose format passes take part, as only they are scored in RL, and both sides' chains are clean or neither's
 * is: broken tags are the tag reward's business and would be a clue.
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
    kind: PairKind,
    split: Pair["split"],
    cap: number,
    candidates: (source: PairSource) => Candidate[],
  ): Omit<Pair, "id">[] => {
    const own = order.filter((source) => of(source) === split);
    const lists = own.map((source) => stream(seed, "prmu", kind, keyOf(source)).shuffle(candidates(source)));
    const lengths = {
      gapOf: ({ preferred, rejected }: Candidate) => preferred.tokens - rejected.tokens,
      taskOf: ({ source }: Candidate) => source.example.task,
    };
    const random = stream(seed, "prmu", kind, split, "even-out");
    return chooseBalanced(lists, cap, config.pairs_per_query, lengths, random).map((c) => toPair(kind, c, split));
  };
  // Training and held-out queries each get their share of the cap; together never more than it.
  const heldShare = order.filter((source) => of(source) === "held_out").length / Math.max(1, order.length);
  const ofKind = (kind: PairKind, cap: number, candidates: (source: PairSource) => Candidate[]): Omit<Pair, "id">[] => {
    const held = Math.round(cap * heldShare);
    return [...chosen(kind, "train", cap - held, candidates), ...chosen(kind, "held_out", held, candidates)];
  };
  const pairs = [
    ...ofKind("PRP", config.prp_pairs, (source) => prpCandidates(source, config.prp_against)),
    ...ofKind("PQP", config.pqp_pairs, (source) => pqpCandidates(source, config.min_gap)),
  ].map((pair, id) => ({ id, ...pair }));
  return { pairs, stats: statsOf(sources.length, pairs) };
}

/** Both readable, and both chains clean or neither. */
export const alike = (a: Sampled, b: Sampled): boolean => a.formatOk && b.formatOk && a.chainOk === b.chainOk;

/**
 * What says nothing of the profile it was given could have been written without it: such a pair is a tie (ours). With
 * them a reward model learns that generic chains are preferred, since a policy that has habits writes many.
 */
function prpCandidates(source: PairSource, against: PrmuConfig["prp_against"]): Candidate[] {
  const others = against === "no_profile" ? source.withoutProfile : source.otherProfile;
  const usesProfile = source.withProfile.filter((s) => s.mentions > 0);
  return usesProfile.flatMap((preferred) =>
    others
      .filter((rejected) => alike(preferred, rejected) && rejected.text !== preferred.text)
      .map((rejected) => ({ source, preferred, rejected })),
  );
}

function pqpCandidates(source: PairSource, minGap: number): Candidate[] {
  return source.withProfile.flatMap((preferred) =>
    source.withProfile
      .filter((rejected) => alike(preferred, rejected))
      .filter((rejected) => preferred.score - rejected.score >= Math.max(minGap, Number.EPSILON))
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
  kind: PairKind,
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
