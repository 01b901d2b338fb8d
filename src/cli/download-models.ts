import { enginePython } from "../core/installation.ts";
import type { Progress } from "../core/progress.ts";
import { downloadModel, type Wish } from "../engine/download.ts";
import { notHere } from "../engine/model-dir.ts";
import { makeFlights } from "../llm/flights.ts";
import type { App } from "./app.ts";
import { found } from "./check-outside.ts";
import type { Io } from "./io.ts";
import { chooseProgress } from "./progress/choose.ts";
import { untilStopped } from "./stop.ts";

interface Downloading {
  readonly progress?: Progress;
  /** `--no-download` says no. */
  readonly download: boolean;
}

/**
 * Fetches those of the models that only the hub has, one after the other, and says of each how large it is before its
 * first byte comes.
 * @returns false where a signal ended it: the exit code is set, what has come stays in the hub's cache
 */
export async function ensureModels(
  { io, outcome }: Pick<App, "io" | "outcome">,
  wishes: readonly Wish[],
  { progress = chooseProgress(io), download }: Downloading,
): Promise<boolean> {
  const absent = wishes.filter((wish) => found(io, wish).at === "hub");
  const [first] = absent;
  if (first === undefined) return true;
  if (!download) throw notHere(first.name, "Leave --no-download out, and it is downloaded from the Hugging Face hub");
  const stop = new AbortController();
  const all = async (): Promise<void> => {
    for (const wish of absent) await fetchOne(io, wish, progress, stop.signal);
  };
  const stopped = await untilStopped(io, makeFlights(), all());
  if (stopped === null) return true;
  stop.abort();
  progress.end("stopped", true);
  io.err("Stopped. The same command goes on with the download.\n");
  outcome.code = stopped;
  return false;
}

async function fetchOne(io: Io, wish: Wish, progress: Progress, signal: AbortSignal): Promise<void> {
  progress.start(`Model ${wish.name}`, 0);
  const revision = await downloadModel(wish, {
    ...{ python: enginePython(io.env), env: io.env, signal },
    onSize: ({ total, files }) => {
      progress.say(
        `${wish.name} is not on this machine: downloads ${size(total)} (${files} files) from the Hugging Face hub into its cache`,
      );
      progress.start(`Model ${wish.name}, MB`, Math.ceil(total / 1e6));
    },
    onBytes: (done) => progress.update(Math.floor(done / 1e6)),
  });
  progress.end(`revision ${revision.slice(0, 12)}`);
}

const size = (bytes: number): string =>
  bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
