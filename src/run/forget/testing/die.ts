/**
 * `die.ts RUN USER N`: forgets a user, and kills itself (-9) instead of the N-th thing that it would do to the run's files (a file is
 * half written then); ends as any program where there are fewer.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { smallStages } from "../../testing/small-run.ts";

const [run = "", user = "", last = ""] = process.argv.slice(2);
const whole = { ...fs };
let left = Number(last);
let begun = false;

function count(half: () => void = () => {}): void {
  if (!begun || --left > 0) return;
  half();
  process.kill(process.pid, "SIGKILL");
}

Object.assign(fs, {
  renameSync: (from: string, to: string) => {
    count();
    whole.renameSync(from, to);
  },
  rmSync: (path: string, options: fs.RmOptions) => {
    count();
    whole.rmSync(path, options);
  },
  writeFileSync: (file: number, text: string) => {
    count(() => whole.writeSync(file, text.slice(0, text.length / 2)));
    whole.writeFileSync(file, text);
  },
  writeSync: (file: number, bytes: Buffer, from: number, length: number, at: number) => {
    count(() => whole.writeSync(file, bytes, from, Math.floor(length / 2), at));
    return whole.writeSync(file, bytes, from, length, at);
  },
} satisfies Partial<Record<keyof typeof fs, unknown>>);
syncBuiltinESMExports();

const [{ forget }, { lockRun }] = await Promise.all([import("../forget.ts"), import("../../lock.ts")]);
const release = lockRun(run);
begun = true;
await forget(run, user, { stages: smallStages([]), write: true, now: () => new Date(0) });
begun = false;
release();
