import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { TagprError } from "../../core/errors.ts";
import { writeAtomic } from "../../core/jsonl.ts";
import { STAGE_NAMES } from "../../core/stages.ts";
import { eventFile, scalarsOf, writtenAt } from "../../report/tensorboard.ts";
import type { App } from "../app.ts";
import { at } from "./options.ts";

/** `tagpr tensorboard RUN --out DIR`: the metrics of a run, finished or not, as TensorBoard reads them. */
export function tensorboardCommand({ io }: App): Command {
  const command = new Command("tensorboard")
    .description("write a run's metrics and timings as a TensorBoard event file (W&B: `wandb sync DIR`)")
    .argument("<run>", "folder of the run; it may be at work")
    .requiredOption("--out <dir>", "log folder of TensorBoard; a file of an earlier call is replaced")
    .action((folder, { out }) => {
      const run = at(io, folder);
      const scalars = STAGE_NAMES.flatMap((stage) => scalarsOf(run, stage));
      if (scalars.length === 0)
        throw new TagprError("run", `${run} has no metrics yet`, {
          hint: "SFT, PRMU and the RL stages write them: RUN/<stage>/metrics.jsonl.",
        });
      const wall = Math.max(...STAGE_NAMES.map((stage) => writtenAt(run, stage)));
      const path = join(at(io, out), "events.out.tfevents.tagpr");
      writeAtomic(path, eventFile(scalars, wall));
      io.out(`${path}: ${scalars.length} numbers of ${new Set(scalars.map(({ tag }) => tag)).size} curves\n`);
    });
  return command as unknown as Command;
}
