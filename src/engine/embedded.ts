import { connectEngine } from "./client.ts";
import { resolveModelDir } from "./model-dir.ts";
import { type SpawnOptions, spawnEngine } from "./process.ts";
import type { Engine } from "./types.ts";

export interface Embedded {
  readonly engine: Engine;
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Aborted when the engine has died; its reason says how. */
  readonly lost: AbortSignal;
  /** Ends the process. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts our own engine, as a child that can't outlive us, and connects to it. Models are given as folders or names;
 * they are looked up here, so that both sides read the same folder.
 */
export async function startEmbedded(options: SpawnOptions): Promise<Embedded> {
  const locate = (model: string): Promise<string> => resolveModelDir(model, options);
  const engineProcess = await spawnEngine({ ...options, owned: true, models: await found(options.models, locate) });
  const { url, token, pid, lost } = engineProcess;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= engineProcess.stop();
    return closed;
  };
  try {
    const engine = await connectEngine({
      url,
      key: token,
      lost,
      locate,
    });
    const end = async (): Promise<void> => {
      await close();
      await engine.close();
    };
    return { engine: { ...engine, close: end }, url, token, pid, lost, close: end };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The folders of the models that are there. One that is missing is an error when it is used, unless it is the first. */
async function found(models: readonly string[], locate: (model: string) => Promise<string>): Promise<string[]> {
  const folders: string[] = [];
  for (const [i, model] of models.entries()) {
    if (model.startsWith("tinker://")) continue;
    const folder = await locate(model).catch((error: unknown) => {
      if (i === 0) throw error;
    });
    if (folder !== undefined) folders.push(folder);
  }
  return [...new Set(folders)];
}
