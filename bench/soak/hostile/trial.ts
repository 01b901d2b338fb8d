import type { Random } from "../../../src/core/random.ts";

/** What a trial works with; all chance comes from `random`, so that a seed brings a fault back. */
export interface Setting {
  readonly random: Random;
  /** An empty folder of its own. */
  readonly dir: string;
}

/** One promise, tried from outside with a hostile input; `run` throws where it was not kept. */
export interface Trial {
  /** The promise's number in docs/security.md. */
  readonly point: number;
  readonly name: string;
  readonly run: (setting: Setting) => Promise<void>;
}

/** @throws Error that says what was not kept */
export function hold(kept: boolean, what: string): asserts kept {
  if (!kept) throw new Error(what);
}

/** What a terminal would obey: TagPR prints no such thing where no person watches. */
export const commandsTerminal = (text: string): boolean => /[^\P{Cc}\t\n]/u.test(text);

/** Whether TagPR blames itself. */
export const blamesItself = ({ code, err }: { readonly code: number; readonly err: string }): boolean =>
  code === 70 || err.includes("fault in TagPR");
