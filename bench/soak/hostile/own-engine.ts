import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineProcess, spawnEngine } from "../../../src/engine/process.ts";
import { makeTinyModel, testPython } from "../../../src/engine/testing/tiny-model.ts";

/** Who has it may look, and no more. */
export const OBSERVER = "tml-observer";

export interface OwnEngine extends EngineProcess {
  /** The folder of its models `tiny` and `cut`, of which the second is there to be damaged. */
  readonly models: string;
}

/** How an engine of the trials is started; the short soak, which starts none, needs no Python. */
export const engineSettings = () => ({
  ...{ python: testPython(process.env), env: process.env },
  ...{ dtype: "float32" as const, device: "cpu" as const, threads: 1 },
});

let running: Promise<OwnEngine> | null = null;

/** One engine for all trials, with a tiny model; it ends with this process. */
export function engine(): Promise<OwnEngine> {
  running ??= (async () => {
    const dir = mkdtempSync(join(tmpdir(), "soak-engine-"));
    const models = ["tiny", "cut"].map((name) => join(dir, name));
    for (const model of models) makeTinyModel(model);
    const env = { ...process.env, TAGPR_OBSERVER_TOKEN: OBSERVER };
    const own = await spawnEngine({ ...engineSettings(), env, models, store: join(dir, "store"), modelsDir: dir });
    return { ...own, models: dir };
  })();
  return running;
}
