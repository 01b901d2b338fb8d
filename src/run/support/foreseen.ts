import { heldOut } from "../../chains/select.ts";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { type Dataset, splitOf } from "../../data/dataset.ts";
import { cutTrain, pick } from "../stages/data-files.ts";
import {
  counted,
  enoughChains,
  LEAST_ANSWERS,
  LEAST_CHAINS,
  LEAST_PAIR_QUERIES,
  LEAST_QUERIES,
  smallDev,
} from "./lessons.ts";
import { chainsByRules, LOOKED_AT, type SetSupport, shown, waysOf } from "./set.ts";

/** What a run whose teachers are stated rules makes of a folder, told by the run's own cuts. */
export interface Foreseen {
  /** Queries that chains are made of, and chains of them. */
  readonly asked: number;
  readonly chains: number;
  /** What is left to SFT where users are held out. */
  readonly train: { readonly chains: number; readonly queries: number };
  /** Queries of the dev slice, and for pairs of the reward model. */
  readonly dev: number;
  readonly prmu: number;
}

/** Of many queries the first are looked at, and their share is taken. @throws TagprError `data` where a run would refuse to cut the folder up */
export async function foresee(
  dataset: Dataset,
  config: Pick<Config, "data" | "seed" | "profile" | "chains" | "teacher" | "teachers">,
): Promise<Foreseen> {
  const { task } = dataset;
  const cut = await cutTrain(dataset, config);
  const ids = new Set([...cut.chains].slice(0, LOOKED_AT));
  const [examples = []] = await pick(splitOf(dataset, "train"), [ids], (one) => shown(task, one, config));
  const made = chainsByRules(task, examples, config.chains, waysOf(config));
  const owners = examples.flatMap((example, i) => Array.from({ length: made[i]?.chains ?? 0 }, () => example));
  const isHeld = heldOut(owners, config.chains.held_out, config.seed);
  const train = owners.filter((one) => !isHeld(one));
  const share = cut.chains.size / Math.max(1, ids.size);
  return {
    asked: cut.chains.size,
    chains: Math.round(owners.length * share),
    train: { chains: Math.round(train.length * share), queries: Math.round(new Set(train).size * share) },
    dev: cut.dev.size,
    prmu: cut.prmu.size,
  };
}

/** What a run that is not even cut up says, as a sentence. */
export const refusalOf = (error: unknown): string => {
  if (!(error instanceof TagprError) || error.code !== "data") throw error;
  return `a run would be refused: ${error.message}${error.hint === undefined ? "" : `. ${error.hint.replace(/\.$/, "")}`}`;
};

const ENDS = "the run will end there (--anyway goes on)";

/** Whether such a run ends before it trains. */
export const endsEarly = ({ train }: Foreseen, { answers }: Pick<SetSupport, "answers">): boolean =>
  !enoughChains(train) || (answers !== null && answers.different < LEAST_ANSWERS);

/** In sentences. */
export function foreseenText(foreseen: Foreseen, support: Pick<SetSupport, "answers">): string[] {
  const { asked, train, dev, prmu } = foreseen;
  const made = `a run makes chains of ${counted(asked, "query", "queries")}, and trains SFT on ${counted(train.chains, "chain")} of ${counted(train.queries, "query", "queries")}`;
  const least = `${LEAST_CHAINS} chains of ${LEAST_QUERIES} queries are the least`;
  const verdict = !enoughChains(train)
    ? `too few, since ${least}: ${ENDS}`
    : endsEarly(foreseen, support)
      ? `all of which end in one answer, and teach that answer: ${ENDS}`
      : `enough (${least})`;
  const pairs =
    prmu >= LEAST_PAIR_QUERIES
      ? []
      : [
          `pairs for a reward model come of ${counted(prmu, "query", "queries")}, fewer than ${LEAST_PAIR_QUERIES}: it will be left out`,
        ];
  return [`${made}: ${verdict}`, ...pairs, ...[smallDev(dev) ?? []].flat()];
}
