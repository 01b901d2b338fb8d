import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Io } from "./io.ts";
import { packageRoot } from "./package.ts";

/** The engine's Python: `TAGPR_PYTHON`, else the virtual environment that set-up made, else what PATH has. */
export function pythonPath(io: Io): string {
  const wished = io.env.TAGPR_PYTHON;
  if (wished !== undefined && wished !== "") return wished;
  const venv = join(packageRoot(), ".venv");
  const own = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  return existsSync(own) ? own : "python3";
}
