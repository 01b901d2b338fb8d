import { ablated } from "../../core/ablations.ts";
import { ABLATION_STAGES, type AblationName, type StageName, standIn } from "../../core/stages.ts";
import { trainsFor } from "../needed.ts";
import type { Stage } from "../stage.ts";

/**
 * A stage of TagPR as an ablation does it: the same work with the ablation's settings, on what the ablation has of its own
 * and else on TagPR's, in a folder of its own (`guided-no-sft`). What is equal is TagPR's very stage, and done once.
 */
export function ablatedStage(stage: Stage, { name, ablation }: (typeof ABLATION_STAGES)[number]): Stage {
  const { outside } = stage;
  const answers = ABLATION_STAGES.filter((one) => one.ablation === ablation).at(-1)?.name ?? name;
  return {
    ...stage,
    name,
    wanted: (config) => trainsFor(config, answers),
    config: (config) => stage.config(ablated(config, ablation)),
    reads: (config) => stage.reads(ablated(config, ablation)).map((file) => inAblation(file, ablation)),
    ...(outside === undefined ? {} : { outside: (config, tools) => outside(ablated(config, ablation), tools) }),
    run: (context) => {
      const { config, progress } = context;
      return stage.run({
        ...context,
        ablation,
        config: ablated(config, ablation),
        progress: {
          ...progress,
          start: (title, total) => progress.start(`${title} (${ablation})`, total),
          say: (line) => progress.say(`${ablation}: ${line}`),
        },
      });
    },
  };
}

/** `prmu-no-reward/scorer.json` for `prmu/scorer.json`. */
function inAblation(file: string, ablation: AblationName): string {
  const [folder = "", ...rest] = file.split("/");
  return [standIn({ stage: folder as StageName, ablation }), ...rest].join("/");
}
