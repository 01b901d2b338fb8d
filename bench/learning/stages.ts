import type { Config } from "../../src/core/config/schema.ts";
import type { Stage, StageName } from "../../src/run/stage.ts";

/** The stages that a run's answers hang on, in order: what the evaluation reads, what that reads, and so on. */
export function stagesFor(stages: readonly Stage[], config: Config): StageName[] {
  const needed = new Set<string>(["eval"]);
  for (const { name, reads } of stages.toReversed())
    if (needed.has(name)) for (const file of reads(config)) needed.add(file.split("/")[0] ?? "");
  return stages.map(({ name }) => name).filter((name) => needed.has(name));
}
