import type { BuildChainsOptions } from "./options.ts";
import { givenName, type Rationalized, rationalize } from "./rationalize.ts";
import { type RolledOut, rollOut } from "./rollouts.ts";
import type { RunTeacher } from "./teacher.ts";
import type { ChainStats } from "./types.ts";

/** All roll-outs, those with the answer in sight among them. */
export interface Rolled extends RolledOut {
  readonly rationalized?: NonNullable<ChainStats["rationalized"]>;
}

type RollOptions = Pick<BuildChainsOptions, "examples" | "tasks" | "teachers" | "config" | "check" | "progress">;

const NONE: RolledOut = { rollouts: [], accepted: [], refused: 0, failed: 0, unreadable: 0 };

/** What every teacher writes of its own, then the reasons for answers that none of them found, where that is asked for. */
export async function roll(options: RollOptions): Promise<Rolled> {
  const { examples, tasks, teachers, config, check, progress } = options;
  const onDone = (done: number): void => progress.update(done);
  const blind = teachers.filter(({ rationalize: asked }) => asked !== "always");
  let rolled: RolledOut = NONE;
  if (blind.length > 0) {
    progress.start("Chains: roll out", examples.length);
    rolled = await rollOut(examples, blind, { tasks, config, onDone });
    progress.end(`${rolled.accepted.length} of ${rolled.rollouts.length} roll-outs right`);
  }
  const given = teachers.filter((one) => one.rationalize);
  if (given.length === 0) return rolled;
  progress.start("Chains: rationalize", 0);
  const parts: Rationalized[] = [];
  for (const [t, { teacher, rationalize: asked }] of given.entries())
    parts.push(
      await rationalize(examples, {
        ...{ tasks, config, onDone, teacher, check, accepted: rolled.accepted, always: asked === "always" },
        from: config.rollouts * (t + 1),
      }),
    );
  const accepted = parts.flatMap((part) => part.accepted);
  const queries = Math.max(...parts.map((part) => part.queries));
  const which = queries === examples.length ? "all" : "those that no roll-out answered rightly";
  progress.end(`${accepted.length} chains to ${queries} queries, ${which}, with the answer in sight`);
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
