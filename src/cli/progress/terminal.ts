import { SingleBar } from "cli-progress";
import pc from "picocolors";
import { printable } from "../../core/printable.ts";
import type { Progress } from "../../core/progress.ts";
import { duration, Eta } from "./eta.ts";

/** A bar with ETA and one line of what matters, drawn on stderr; lines that stay are printed above it. */
export function terminalProgress(
  write: (text: string) => void,
  now: () => number,
  busy: () => string | null = () => null,
): Progress {
  let bar: SingleBar | null = null;
  let title = "";
  let eta = new Eta(0, now);
  let note = "";
  const draw = (done: number): void => {
    const left = eta.left();
    const slow = busy();
    bar?.update(done, {
      note: `${note === "" ? "" : ` ${note}`}${slow === null ? "" : ` ${pc.yellow(`(${slow})`)}`}`,
      left: left === null ? "" : ` ${duration(left)} left`,
    });
  };
  const halt = (): void => {
    bar?.stop();
    bar = null;
  };
  return {
    start: (name, total) => {
      halt();
      title = printable(name);
      note = "";
      eta = new Eta(total, now);
      const format =
        total > 0 ? `${pc.bold("{name}")} {bar} {value}/{total}{left}{note}` : `${pc.bold("{name}")} …{note}`;
      bar = new SingleBar({
        format,
        stream: process.stderr,
        barsize: 24,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        clearOnComplete: true,
        hideCursor: true,
        // Signals are the command's own affair: it stops the engine first.
        gracefulExit: false,
        fps: 5,
      });
      bar.start(Math.max(total, 1), 0, { name: title, note: "", left: "" });
    },
    update: (done, said) => {
      if (said !== undefined) note = printable(said);
      eta.update(done);
      draw(done);
    },
    say: (said) => {
      const line = printable(said);
      if (bar === null) {
        write(`${line}\n`);
        return;
      }
      write(`\r\u001b[K${line}\n`);
      bar.render();
    },
    end: (said, stopped = false) => {
      halt();
      const text = said === undefined ? note : printable(said);
      write(
        `\r\u001b[K${stopped ? pc.yellow("■") : pc.green("✓")} ${pc.bold(title)} ${pc.dim(duration(eta.spent()))}${text ? `  ${text}` : ""}\n`,
      );
    },
  };
}
