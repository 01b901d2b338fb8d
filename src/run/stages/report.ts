import { writeReport } from "../../report/write-report.ts";
import type { Stage } from "../stage.ts";

/** `report/index.html`, from the files of the run alone. */
export const reportStage: Stage = {
  name: "report",
  config: (config) => config,
  reads: () => [
    "data/tasks.json",
    "result.json",
    "eval/scores.json",
    "chains/stats.json",
    "sft/metrics.jsonl",
    "guided/metrics.jsonl",
    "explore/metrics.jsonl",
    "prmu/scorer.json",
  ],
  writes: ["index.html"],
  run: async ({ run, progress, claim }) => {
    progress.start("Report", 0);
    await writeReport(run, claim);
    progress.end();
  },
};
