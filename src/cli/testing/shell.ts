import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { App } from "../app.ts";
import { main } from "../cli.ts";

/** A folder to stand in and `tagpr` in it, for commands that need no engine, or one that a test brings. */
export function shell(
  env: NodeJS.ProcessEnv = {},
  {
    openEngines = noEngine,
    typed = [],
    stages = [],
  }: { openEngines?: App["openEngines"]; typed?: readonly string[]; stages?: App["stages"] } = {},
): {
  readonly cwd: string;
  readonly tagpr: (...argv: string[]) => Promise<{ code: number; out: string; err: string }>;
} {
  const cwd = mkdtempSync(join(tmpdir(), "shell-"));
  const tagpr = async (...argv: string[]) => {
    const said = { out: "", err: "" };
    const write = (to: "out" | "err") => (text: string) => {
      said[to] += text;
    };
    const io = {
      env,
      cwd,
      argv,
      out: write("out"),
      err: write("err"),
      terminal: false,
      colour: false,
      onStop: () => () => {},
      lines: async function* () {
        yield* typed;
      },
    };
    return { code: await main(argv, io, { stages, openEngines }), ...said };
  };
  return { cwd, tagpr };
}

const noEngine = (): never => {
  throw new Error("no engine here");
};
