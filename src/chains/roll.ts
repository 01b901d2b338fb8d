import type { ChainsConfig } from "../core/config/schema.ts";
import type { Progress } from "../core/progress.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { givenName, type Rationalized, rationalize } from "./rationalize.ts";
import { type RolledOut, rollOut, type TeacherShare } from "./rollouts.ts";
import type { CheckSaid } from "./said.ts";
import type { ChainStats } from "./types.ts";

/** A teacher of a run. */
export interface RunTeacher extends TeacherShare {
  /** Whether it is shown the answer where no roll-out is right ({@link rationalize}). */
  readonly rationalize: boolean;
}

/** All roll-outs, those with the answer in sight among them. */
export interface Rolled extends RolledOut {
  readonly rationalized?: NonNullable<ChainStats["rationalized"]>;
}

interface RollOptions {
  readonly examples: readonly ShownExample[];
  readonly teachers: readonly RunTeacher[];
  readonly config: ChainsConfig;
  readonly check: CheckSaid;
  readonly progress: Progress;
}

/** What every teacher writes of its own, then the reasons for answers that none of them found, where that is asked for. */
export async function roll(options: RollOptions, taskOf: (name: string) => Task): Promise<Rolled> {
  const { examples, teachers, config, check, progress } = options;
  progress.start("Chains: roll out", examples.length);
  const onDone = (done: number): void => progress.update(done);
  const rolled = await rollOut(examples, teachers, { taskOf, config, onDone });
  progress.end(`${rolled.accepted.length} of ${rolled.rollouts.length} roll-outs right`);
  const given = teachers.filter((one) => one.rationalize);
  if (given.length === 0) return rolled;
  progress.start("Chains: rationalize", 0);
  const parts: Rationalized[] = [];
  for (const [t, { teacher }] of given.entries())
    parts.push(
      await rationalize(examples, {
        ...{ taskOf, config, onDone, teacher, check, accepted: rolled.accepted },
        from: config.rollouts * (t + 1),
      }),
    );
  const accepted = parts.flatMap((part) => part.accepted);
  const queries = parts[0]?.queries ?? 0;
  progress.end(`${accepted.length} chains to ${queries} queries that no roll-out answered rightly`);
  return {
    ...rolled,
    rollouts: [...rolled.rollouts, ...parts.flatMap((part) => part.rollouts)],
    accepted: [...rolled.accepted, ...accepted],
    rationalized: { queries, accepted: accepted.length, flaws: sumOf(parts.map(({ flaws }) => flaws)) },
  };
}

function sumOf(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of parts.flatMap((part) => Object.entries(part))) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

/** How much of the chains each name writes. */
export const sharesOf = (teachers: readonly RunTeacher[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    teachers.flatMap(({ teacher, share }) => [
      [teacher.name, share],
      [givenName(teacher), share],
    ]),
  );
