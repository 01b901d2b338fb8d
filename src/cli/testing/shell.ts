import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engines } from "../../engine/engines.ts";
import { main } from "../cli.ts";

/** A folder to stand in and `tagpr` in it, for commands that need no engine. */
export function shell(env: NodeJS.ProcessEnv = {}): {
  readonly cwd: string;
  readonly tagpr: (...argv: string[]) => Promise<{ code: number; out: string; err: string }>;
} {
  const cwd = mkdtempSync(join(tmpdir(), "shell-"));
  const openEngines = (): Engines => {
    throw new Error("no engine here");
  };
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
    };
    return { code: await main(argv, io, { stages: [], openEngines }), ...said };
  };
  return { cwd, tagpr };
}
