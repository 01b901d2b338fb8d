import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { TagprError } from "../core/errors.ts";
import { loadModule } from "../core/load-module.ts";
import { KEPT, type OwnScore } from "./own.ts";

/**
 * A signal that is a function of a list of responses, sync or async: the `default` of a module, or its `score`.
 * @throws TagprError where the module has neither
 */
export async function moduleScore(name: string, path: string, timeoutMs: number): Promise<OwnScore> {
  const module = await loadModule(path);
  const score = [module.default, module.score].find((one) => typeof one === "function");
  if (typeof score !== "function")
    throw new TagprError("usage", `rewards.own.${name}: ${path} exports no function`, {
      hint: "For example: export default (items) => items.map((item) => -item.response.length / 1000);",
    });
  return (items) =>
    within(
      timeoutMs,
      () => tooLate(name, timeoutMs),
      failing(name, path, async () => (await score(items)) as unknown[]),
    );
}

/** The timer keeps the process alive (that of `AbortSignal.timeout` does not): one that waits for nothing else would end in silence. */
async function within<T>(ms: number, late: () => TagprError, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  return Promise.race([work, end]).finally(() => clearTimeout(timer));
}

/** What the module throws names the signal, the file and what went wrong. */
async function failing<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new TagprError("llm", `rewards.own.${name}: ${path} failed: ${String(error)}`, {
      hint: KEPT,
      cause: error,
    });
  }
}

const tooLate = (name: string, timeoutMs: number): TagprError =>
  new TagprError("llm", `rewards.own.${name} gave no answer in ${timeoutMs / 1000} s`, {
    hint: `Raise rewards.own.${name}.timeout_seconds or lower its batch. ${KEPT}`,
  });

/** The module's own text; what it imports is not looked at. */
export const moduleIdentity = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
