import type { Progress } from "../../core/progress.ts";

/** One JSON event a line, for programs: `start`, `update`, `say`, `end`. */
export function jsonProgress(write: (text: string) => void): Progress {
  const event = (fields: Readonly<Record<string, unknown>>): void => write(`${JSON.stringify(fields)}\n`);
  let title = "";
  let total = 0;
  return {
    start: (name, of) => {
      title = name;
      total = of;
      event({ event: "start", title, total });
    },
    update: (done, note) => event({ event: "update", title, done, total, ...(note === undefined ? {} : { note }) }),
    say: (line) => event({ event: "say", line }),
    end: (note, stopped = false) =>
      event({ event: "end", title, ...(note === undefined ? {} : { note }), ...(stopped ? { stopped } : {}) }),
  };
}
