import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../../src/cli/cli.ts";
import { fixedMeasure } from "../../../src/cli/testing/fixed-measure.ts";
import { STAGE_NAMES } from "../../../src/core/stages.ts";
import type { Stage } from "../../../src/run/stage.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Stages that write what real ones do, in a moment. */
const quickStages: Stage[] = STAGE_NAMES.map((name) => ({
  name,
  config: ({ seed }) => seed,
  reads: () => [],
  writes: ["out.json"],
  ...(name === "eval" ? { alsoWrites: ["../result.json"] } : {}),
  run: async ({ dir, run }) => {
    writeFileSync(join(dir, "out.json"), "{}\n");
    if (name === "eval") writeFileSync(join(run, "result.json"), '{"rows": [], "paired": [], "details": {}}\n');
  },
}));

/** The command line in this process, standing in `cwd`, with stages and engines that cost nothing. */
export async function tagpr(cwd: string, ...argv: string[]): Promise<Said> {
  const said = { out: "", err: "" };
  const none = (): Promise<never> => Promise.reject(new Error("no engine here"));
  const io = {
    ...{ env: {}, cwd, argv, terminal: false, colour: false },
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
    onStop: () => () => {},
  };
  const openEngines = () => ({ policy: none, reward: none, embeddings: none, close: () => Promise.resolve() });
  const measure = () => fixedMeasure("a machine of the soak");
  return { code: await main(argv, io, { stages: quickStages, openEngines, measure }), ...said };
}

/** A config that needs no endpoint. */
export const CONFIG = "name: own\nteacher: {kind: self}\njudge: {kind: rules}\ntagger: {kind: rules}\n";
