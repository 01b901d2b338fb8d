import { Command } from "@commander-js/extra-typings";
import pc from "picocolors";
import { EXIT_CODES } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import type { App } from "../app.ts";
import { type Finding, findings } from "../doctor/checks.ts";
import { templateFindings } from "../doctor/templates.ts";
import { at } from "./options.ts";

export function doctorCommand({ io, outcome }: App): Command {
  const command = new Command("doctor")
    .description("check this machine and say what to do")
    .option("--templates <dirs...>", "only compare the chat templates of these model folders with transformers")
    .option("--json", "as JSON")
    .action(async ({ templates, json }) => {
      const found =
        templates === undefined
          ? await findings(io)
          : await templateFindings(
              io,
              templates.map((dir) => at(io, dir)),
            );
      if (found.some(({ state }) => state === "bad")) outcome.code = EXIT_CODES.environment;
      if (json === true) io.out(`${JSON.stringify(found, null, 2)}\n`);
      else (io.raw ?? io).out(`${found.map((one) => line(pc.createColors(io.colour), one)).join("\n")}\n`);
    });
  return command as unknown as Command;
}

function line(paint: ReturnType<typeof pc.createColors>, { state, name, text, advice }: Finding): string {
  const mark = { good: paint.green("ok  "), poor: paint.yellow("note"), bad: paint.red("BAD ") }[state];
  return `${mark} ${printable(`${name.padEnd(14)} ${text}${advice === undefined ? "" : `\n     ${advice}`}`)}`;
}
