import { Command, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../core/errors.ts";
import { compareSides, configDifferences, type Side } from "../../suites/compare.ts";
import type { App } from "../app.ts";
import { compareText } from "../suite/compare-text.ts";
import { openSource } from "../suite/open-source.ts";
import { at } from "./options.ts";

/** `tagpr compare A B …`: what differs in config, data and score, whether it matters, and which queries flipped. */
export function compareCommand(app: App): Command {
  const command = new Command("compare")
    .description(
      "compare runs, suites or prediction files: what differs in config, data and score, whether it matters, which queries flipped",
    )
    .argument("<a>", "folder of a run or a suite, or its file of predictions (RUN/eval/<method>.jsonl)")
    .argument("<others...>", "what is compared with it, one after the other")
    .addOption(new Option("--method <method>", "whose answers (default: the last of both tables; of files their own)"))
    .option("--cell <id>", "of suites: which evaluation (default: the first)")
    .option("--json", "as JSON, with every flipped query")
    .action(async (first, others, flags) => {
      const a = openSource(at(app.io, first), flags.cell);
      for (const other of others) {
        const b = openSource(at(app.io, other), flags.cell);
        const [left, right] = sides(a, b, flags.method, [first, other]);
        const compared = await compareSides(left, right);
        app.io.out(
          flags.json === true
            ? `${JSON.stringify({ a: left.name, b: right.name, config: configDifferences(left.evaluation.config, right.evaluation.config), ...compared })}\n`
            : compareText(left, right, compared),
        );
      }
    });
  return command as unknown as Command;
}

type Source = ReturnType<typeof openSource>;

function sides(a: Source, b: Source, wanted: string | undefined, names: readonly [string, string]): [Side, Side] {
  const common = a.evaluation.methods.filter((name) => b.evaluation.methods.includes(name)).at(-1);
  const of = (source: Source, name: string): Side => {
    const method = source.method ?? wanted ?? common;
    if (method === undefined || !source.evaluation.methods.includes(method))
      throw new TagprError("usage", `${name} has no answers of ${method ?? "a method that both have"}`, {
        hint: `It has those of ${source.evaluation.methods.join(", ")}: choose one with --method, or give files of predictions.`,
      });
    return { name: `${name}: ${source.evaluation.label(method)} (${method})`, evaluation: source.evaluation, method };
  };
  return [of(a, names[0]), of(b, names[1])];
}
