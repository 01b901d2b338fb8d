import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Reference vectors made with the original libraries; they lie beside the repository, not in it. For tests only. */
export function vectors<T>(name: string): T {
  const path = join(import.meta.dirname, "../../../shared/vectors", name);
  if (!existsSync(path))
    throw new Error(`${path} is missing: these tests read ../shared/vectors, beside the repository`);
  return JSON.parse(readFileSync(path, "utf8")) as T;
}
