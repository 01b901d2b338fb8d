import { writeReport } from "../../report/write-report.ts";
import type { Stage } from "../stage.ts";

/** `report/index.html`, from the files of the run alone. */
export const reportStage: Stage = {
  name: "report",
  config: (config) => config,
  // Of what trained it shows what there is: `tagpr eval` has done only the stages that its methods hang on.
  reads: () => ["result.json", "eval/scores.json"],
  writes: ["index.html"],
  run: async ({ run, progress, claim }) => {
    progress.start("Report", 0);
    await writeReport(run, claim);
    progress.end();
  },
};
