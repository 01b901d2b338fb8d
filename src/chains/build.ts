import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { taskOf } from "../data/find-task.ts";
import { promptText, withoutGold } from "./asked.ts";
import { exploreTags } from "./explore.ts";
import { judgeAll } from "./filter.ts";
import type { BuildChainsOptions } from "./options.ts";
import { type Restricted, restrictTags } from "./restrict.ts";
import { type Rolled, roll, sharesOf } from "./roll.ts";
import { repeatsQuery } from "./rules/judge.ts";
import { heldOut, keyOf } from "./select.ts";
import { countBy, statsOf } from "./stats.ts";
import type { Chain, ChainStats, FreeTags, Judged, Reviewed, Rollout, TagSet } from "./types.ts";

export interface BuiltChains {
  readonly rollouts: Rollout[];
  readonly judged: Judged[];
  readonly freeTags: FreeTags[];
  readonly tags: TagSet;
  readonly chains: Chain[];
  readonly review: Reviewed[];
  readonly stats: ChainStats;
}

/**
 * Tagged chains (paper section 3.2): roll out → accuracy filter → judge → free tagging → clusters → tagging with the
 * primary tags only → format filter → a sample to review. What was answered once is kept by the models' own stores,
 * so a run that was killed asks for the rest only. Equal answers and seed give equal chains.
 *
 * @throws TagprError("llm") when a step leaves nothing for the next, with what was left of each.
 */
export async function buildChains(options: BuildChainsOptions): Promise<BuiltChains> {
  const { config, progress, seed } = options;
  const rolled = await roll(options);
  const blind = options.teachers.some(({ rationalize }) => rationalize === false);
  demand(
    rolled.accepted.length,
    rolledNothing(rolled),
    `Take a stronger teacher, teacher.kind: rules, ${blind ? "teacher.rationalize: true, " : ""}a lower chains.rouge_threshold or more chains.rollouts.`,
  );

  progress.start("Chains: judge", rolled.accepted.length);
  const { judged, kept } = await judgeAll(rolled.accepted, options.judge, config.judge_over, (done) =>
    progress.update(done),
  );
  progress.end(`${kept.length} of ${judged.length} kept`);
  const again = kept.filter((candidate) => repeatsQuery(candidate, options.check)).length;
  if (again > 0)
    progress.say(
      `${again} of the ${kept.length} chains that the judge keeps only say the query again, and nothing of the user's items.`,
    );
  demand(
    kept.length,
    `the judge keeps none of ${judged.length} right chains`,
    "Look at judged.jsonl; lower chains.judge_over, or take another judge.",
  );

  progress.start("Chains: tag freely", Math.min(config.explore, kept.length));
  const sizes = { sample: config.explore, tags: config.tags };
  const explored = await exploreTags(kept, options.tagger, options.embed, sizes, seed, (done) => progress.update(done));
  progress.end(`tags: ${explored.tags.tags.join(", ")}`);
  if (explored.tags.tags.length < config.tags)
    progress.say(
      `Free tagging found only ${explored.tags.tags.length} different names, so there are fewer than ${config.tags} tags.`,
    );

  progress.start("Chains: tag", 0);
  const shares = sharesOf(options.teachers);
  const limits = { perQuery: config.per_query, minSteps: options.minSteps ?? 3, shares, seed };
  const restricted = await restrictTags(kept, options.tagger, explored.tags, limits, (done) => progress.update(done));
  progress.end(`${restricted.chains.length} chains`);
  demand(
    restricted.chains.length,
    `none of ${restricted.tried.length} tagged chains passes the format filter (${reasons(restricted)})`,
    "Take another tagger, or a teacher whose chains have more steps.",
  );

  const isHeld = heldOut(
    restricted.chains.map(({ candidate }) => candidate.example),
    config.held_out,
    seed,
  );
  const chains = restricted.chains.map(({ candidate, chain }) => ({
    ...chain,
    split: isHeld(candidate.example) ? ("held_out" as const) : ("train" as const),
  }));
  return {
    rollouts: rolled.rollouts,
    judged,
    freeTags: explored.freeTags,
    tags: explored.tags,
    chains,
    review: reviewSample(options, chains, judged),
    stats: statsOf(options, rolled, judged, explored, restricted, chains),
  };
}

function demand(count: number, message: string, hint: string): void {
  if (count === 0) throw new TagprError("llm", message, { hint });
}

function rolledNothing({ rollouts, refused, failed, unreadable }: Rolled): string {
  return `none of the teacher's ${rollouts.length} roll-outs is right (${unreadable} without a readable answer, ${refused} requests refused, ${failed} without a whole answer)`;
}

const reasons = ({ tried }: Restricted): string =>
  Object.entries(countBy(tried.map(({ outcome }) => outcome)))
    .map(([reason, count]) => `${reason}: ${count}`)
    .join(", ");

function reviewSample(
  { examples, tasks, config, seed }: BuildChainsOptions,
  chains: readonly Chain[],
  judged: readonly Judged[],
): Reviewed[] {
  const byQuery = new Map(examples.map((example) => [keyOf(example.task, example.id), example]));
  const grades = new Map(judged.map((row) => [`${keyOf(row.task, row.query)}\n${row.i}`, row.grades]));
  const chosen = stream(seed, "chains", "review").shuffle(chains).slice(0, config.review);
  return chosen.flatMap(({ task, query, i, completion }) => {
    const example = byQuery.get(keyOf(task, query));
    if (!example) return [];
    const prompt = promptText(taskOf(tasks, example), withoutGold(example));
    return [
      {
        task,
        query,
        i,
        prompt,
        completion,
        gold: example.gold,
        grades: grades.get(`${keyOf(task, query)}\n${i}`) ?? null,
      },
    ];
  });
}
