import { Command, Option } from "@commander-js/extra-typings";
import { KINDS } from "../../suites/kinds/index.ts";
import type { App } from "../app.ts";
import { runSuite } from "../suite/run-suite.ts";
import { maxCost, NO_DOWNLOAD } from "./options.ts";

/** `tagpr suite FILE --out DIR`: the paper's tables and figures, each number leading back to its answers. */
export function suiteCommand(app: App): Command {
  const command = new Command("suite")
    .description("make tables and figures of the paper: train what they need, ask, compare, and write them")
    .argument("<file>", "a suite's YAML file; suites/*.yaml come with TagPR")
    .requiredOption("--out <dir>", "folder of the suite; begun again, it asks only what is missing")
    .option("--reuse <run...>", "runs that were trained and evaluated, one a seed: nothing of them is done twice")
    .option("--data <dir...>", "your own data in LaMP's layout, one folder a task, in place of the config's")
    .option("--set <key=value...>", "put a value over the config's, e.g. --set eval.batch=64")
    .option(
      "--only <names>",
      `what is made, comma-separated, in place of the file's \`show\`: ${KINDS.map(({ name }) => name).join(", ")}`,
    )
    .option(
      "--redact",
      "users' texts stand by their lengths alone in everything that is written to be shared; `content` still has single words that three people's chains or more have",
    )
    .option("--dry-run", "print queries, tokens, hours and dollars; start and write nothing")
    .option("--assume <name=value...>", "with --dry-run: another assumption, e.g. --assume response_tokens=800")
    .addOption(maxCost())
    .option("--anyway", "go on where too little is there to learn from")
    .addOption(NO_DOWNLOAD)
    .addOption(new Option("--json", "progress as one JSON event a line; with --dry-run the plan as JSON"))
    .action((file, flags) => runSuite(app, file, flags));
  return command as unknown as Command;
}
