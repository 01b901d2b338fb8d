import PQueue from "p-queue";
import type { App } from "../../src/cli/app.ts";
import { STOPPED } from "../../src/cli/failure.ts";
import type { Io } from "../../src/cli/io.ts";
import type { Config } from "../../src/core/config/schema.ts";

type Signal = keyof typeof STOPPED;
type Engines = Config["engines"];

/** Threads of each of so many engines on so many cores; 0, all cores as the engine counts them, for one alone. */
export const threadsFor = (cores: number, atOnce: number): number =>
  atOnce === 1 ? 0 : Math.max(1, Math.floor(cores / atOnce));

/** Engines whose config leaves their threads open have `threads` of them. */
export function withThreads(engines: Engines, threads: number): Engines {
  const own = (role: Engines["policy"]) => (role.threads === 0 ? { ...role, threads } : role);
  const { policy, reward, embeddings } = engines;
  return { ...engines, policy: own(policy), reward: own(reward), embeddings: own(embeddings) };
}

/** The same world for one of several who work at once: whole lines with `name` before them, no bars that overwrite each other. */
export const named = (io: Io, name: string): Io => ({
  ...io,
  terminal: false,
  err: (text) => io.err(text.replace(/^\n+/, "").replace(/^(?=.)/gm, `${name}: `)),
});

/**
 * Works on all jobs, `atOnce` of them side by side, a job once the one that it comes after is done: those that come
 * after none first. A signal stops all of them, each as it would stop alone, and so does the first failure, which is
 * thrown once all have ended.
 */
export async function eachAtOnce<T>(
  jobs: readonly T[],
  { atOnce, after }: { readonly atOnce: number; readonly after: (job: T) => T | null },
  app: App,
  work: (job: T, app: App) => Promise<void>,
): Promise<void> {
  const stop = stopForAll(app.io);
  const failures: unknown[] = [];
  const queue = new PQueue({ concurrency: atOnce });
  const one = async (job: T): Promise<void> => {
    if (stop.by() !== null) return;
    try {
      await work(job, { ...app, io: { ...app.io, onStop: stop.onStop }, outcome: { code: 0 } });
      add(jobs.filter((other) => after(other) === job));
    } catch (error) {
      failures.push(error);
      stop.now("SIGTERM");
    }
  };
  const add = (ready: readonly T[]): void => void queue.addAll(ready.map((job) => () => one(job)));
  try {
    add(jobs.filter((job) => after(job) === null));
    await queue.onIdle();
  } finally {
    stop.unlisten();
  }
  if (failures.length > 0) throw failures[0];
  const by = stop.by();
  if (by !== null) app.outcome.code = STOPPED[by];
}

/** One ear for a signal and many who stop at it, those too who only listen afterwards. */
function stopForAll(io: Io) {
  let by: Signal | null = null;
  const listeners = new Set<(signal: Signal) => void>();
  const now = (signal: Signal): void => {
    by ??= signal;
    for (const listener of listeners) listener(by);
  };
  const onStop: Io["onStop"] = (listener) => {
    listeners.add(listener);
    if (by !== null) listener(by);
    return () => listeners.delete(listener);
  };
  return { now, onStop, by: () => by, unlisten: io.onStop(now) };
}
