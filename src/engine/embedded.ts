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
  const engineProcess = await spawnEngine(options);
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
      locate: (model) => resolveModelDir(model, options),
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
