import type { Config } from "../core/config/schema.ts";
import type { StageName } from "../core/stages.ts";
import { methodsOf } from "../methods/index.ts";
import type { Stage } from "./stage.ts";

/** Whether a method of `eval.methods` answers with what the stage trains. */
export const trainsFor = (config: Config, stage: StageName): boolean =>
  methodsOf(config).some(({ trains }) => trains.some((name) => name === stage));

/** The stages that a run's answers hang on, in order: what the evaluation reads, what that reads, and so on. */
export function stagesFor(stages: readonly Stage[], config: Config): StageName[] {
  const needed = new Set<string>(["eval"]);
  for (const { name, reads } of stages.toReversed())
    if (needed.has(name)) for (const file of reads(config)) needed.add(file.split("/")[0] ?? "");
  return stages.map(({ name }) => name).filter((name) => needed.has(name));
}
