import type { BuildChainsOptions } from "./options.ts";
import { givenName, type Rationalized, rationalize } from "./rationalize.ts";
import { type RolledOut, rollOut, shared } from "./rollouts.ts";
import type { RunTeacher } from "./teacher.ts";
import type { ChainStats } from "./types.ts";

/** All roll-outs, those with the answer in sight among them. */
export interface Rolled extends RolledOut {
  readonly rationalized?: NonNullable<ChainStats["rationalized"]>;
}

type RollOptions = Pick<BuildChainsOptions, "examples" | "tasks" | "teachers" | "config" | "check" | "progress">;

/** What every teacher writes of its own, then the reasons for answers that none of them found (of one that is always shown them: for all), where that is asked for. */
export async function roll(options: RollOptions): Promise<Rolled> {
  const { examples, tasks, teachers, config, check, progress } = options;
  const onDone = (done: number): void => progress.update(done);
  const blind = teachers.some(({ rationalize: asked }) => asked !== "always");
  if (blind) progress.start("Chains: roll out", examples.length);
  const rolled = await rollOut(examples, teachers, { tasks, config, onDone });
  if (blind) progress.end(`${rolled.accepted.length} of ${rolled.rollouts.length} roll-outs right`);
  const given = teachers.filter((one) => one.rationalize);
  if (given.length === 0) return rolled;
  progress.start("Chains: rationalize", 0);
  const counts = shared(config.rollouts, teachers);
  const parts: Rationalized[] = [];
  for (const [t, one] of given.entries()) {
    const always = one.rationalize === "always";
    parts.push(
      await rationalize(examples, {
        ...{ tasks, config, onDone, teacher: one.teacher, check, accepted: rolled.accepted, always },
        n: always ? (counts[teachers.indexOf(one)] ?? 0) : config.rollouts,
        from: config.rollouts * (t + 1),
      }),
    );
  }
  const accepted = parts.flatMap((part) => part.accepted);
  const queries = Math.max(...parts.map((part) => part.queries));
  const which = queries === examples.length ? "all" : "those that no roll-out answered rightly";
  progress.end(`${accepted.length} chains to ${queries} queries (${which}), with the answer in sight`);
  const sum = (of: (part: Rationalized) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    rollouts: [...rolled.rollouts, ...parts.flatMap((part) => part.rollouts)],
    accepted: [...rolled.accepted, ...accepted],
    refused: rolled.refused + sum(({ refused }) => refused),
    failed: rolled.failed + sum(({ failed }) => failed),
    unreadable: rolled.unreadable + sum(({ unreadable }) => unreadable),
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
