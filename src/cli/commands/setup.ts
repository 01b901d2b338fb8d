import { Command } from "@commander-js/extra-typings";
import type { App } from "../app.ts";
import { setUp } from "../set-up.ts";

export function setupCommand({ io, outcome }: App): Command {
  const command = new Command("setup")
    .description(
      "make what runs need: a Python environment with PyTorch, and two small models (doctor names the folder)",
    )
    .option("--no-models", "leave out SmolLM2-135M and MiniLM; runs that need them say so at their start")
    .option("--python <path>", "the Python, 3.11 or newer, to make the environment with (default: one on PATH)")
    .action(async ({ models, python }) => {
      outcome.code = await setUp(io, { models, python });
    });
  return command as unknown as Command;
}
