import type { Progress } from "../../core/progress.ts";
import { duration, Eta } from "./eta.ts";

/** A line now and then, for logs and pipes: at the start and end of a bar, and every half minute between. */
export function lineProgress(
  write: (text: string) => void,
  now: () => number,
  { everyMs = 30_000, busy = () => null }: { everyMs?: number; busy?: () => string | null } = {},
): Progress {
  let title = "";
  let eta = new Eta(0, now);
  let last = 0;
  const print = (text: string): void => write(`${text}\n`);
  return {
    start: (name, total) => {
      title = name;
      eta = new Eta(total, now);
      last = now();
      print(title);
    },
    update: (done, note) => {
      eta.update(done);
      if (now() - last < everyMs) return;
      last = now();
      const left = eta.left();
      const slow = busy();
      const parts = [
        ...(eta.total > 0 ? [`${done}/${eta.total}`] : []),
        ...(left === null ? [] : [`${duration(left)} left`]),
        ...(note ? [note] : []),
        ...(slow === null ? [] : [slow]),
      ];
      print(`${title}: ${parts.join(", ")}`);
    },
    say: (line) => print(line),
    end: (note, stopped = false) => {
      // A stop may come before the first bar.
      if (title === "") {
        if (note) print(note);
      } else if (stopped) print(`${title}: stopped after ${duration(eta.spent())}`);
      else print(`${title}: done in ${duration(eta.spent())}${note ? `, ${note}` : ""}`);
    },
  };
}
