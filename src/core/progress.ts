/** What a stage says while it works. The command line draws it; a test collects it; nothing depends on it. */
export interface Progress {
  /** A new bar of `total` units; a total of 0 is a stage without a bar. */
  start(title: string, total: number): void;
  /** Units done so far in the current bar, and one line of what matters (loss, reward, accuracy). */
  update(done: number, note?: string): void;
  /** A line that stays. */
  say(line: string): void;
  /** The current bar is finished, or was stopped before it was. */
  end(note?: string, stopped?: boolean): void;
}

export const silent: Progress = { start: () => {}, update: () => {}, say: () => {}, end: () => {} };
