import type { Config } from "../../core/config/schema.ts";
import type { SftItem } from "../../policy/sft-items.ts";

/** Chains that are longer than the answers that a run's RL and evaluation let its models give. */
export interface CutOff {
  /** Training chains, how many of them are longer than the lowest limit, and the tokens of the longest. */
  readonly chains: number;
  readonly over: number;
  readonly longest: number;
  /** Settings under the longest chain, with their values. */
  readonly limits: Readonly<Record<string, number>>;
}

/** More of the chains than this: what SFT teaches can't be answered. */
const MOST = 0.5;
/** Fewer are not told. */
const TOLD = 0.1;

/** What of the config cuts off answers like these chains; null where nothing does. */
export function cutOffOf(train: readonly Pick<SftItem, "completion">[], config: Config): CutOff | null {
  const lengths = train.map(({ completion }) => completion.length);
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  const { guided, explore, eval: evaluation } = config;
  const all = {
    "guided.max_tokens": guided.max_tokens,
    "explore.max_tokens": explore.max_tokens,
    "eval.max_tokens": evaluation.max_tokens,
  };
  const limits = Object.fromEntries(Object.entries(all).filter(([, most]) => most < longest));
  if (Object.keys(limits).length === 0) return null;
  const lowest = Math.min(...Object.values(limits));
  return { chains: lengths.length, over: lengths.filter((length) => length > lowest).length, longest, limits };
}

export const cutsMost = ({ over, chains }: CutOff): boolean => over > MOST * chains;
export const cutsSome = ({ over, chains }: CutOff): boolean => over > TOLD * chains;

/** `60 of 97 chains are longer than the lowest of what answers may be (guided.max_tokens 192, eval.max_tokens 256)` */
export function cutOffText({ over, chains, limits }: CutOff): string {
  const named = Object.entries(limits).map(([setting, most]) => `${setting} ${most}`);
  const which = named.length === 1 ? "" : "the lowest of ";
  return `${over} of ${chains} chains are longer than ${which}what answers may be (${named.join(", ")})`;
}

/** What lets answers be as long as the chains. */
export const longerAnswers = ({ limits, longest }: CutOff): string =>
  `--set ${Object.keys(limits)
    .map((setting) => `${setting}=${longest}`)
    .join(" ")} lets answers be as long as the longest chain.`;
