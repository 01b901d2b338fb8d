import { Command } from "@commander-js/extra-typings";
import { stringify } from "yaml";
import { loadConfig, parseOverride } from "../../core/config/load.ts";
import { configFaults, requireSound } from "../../run/faults.ts";
import type { App } from "../app.ts";
import { checkConfigOutside } from "../check-outside.ts";
import { configJsonSchema, configReference } from "../reference.ts";
import { at, settlePaths } from "./options.ts";

export function configCommand({ io }: App): Command {
  const command = new Command("config").description("show, check and describe configs");
  const load = (file: string, set: readonly string[]) =>
    loadConfig(
      at(io, file),
      set.map((text) => parseOverride(text)),
    );
  command
    .command("show")
    .description("print a config with every default filled in")
    .argument("<config>", "YAML file")
    .option("--set <key=value...>", "put a value over the file's", [])
    .action((file, { set }) => io.out(stringify(load(file, set))));
  command
    .command("check")
    .description("check a config, and that its models and data are there; say what is wrong, and where")
    .argument("<config>", "YAML file")
    .option("--set <key=value...>", "put a value over the file's", [])
    .action(async (file, { set }) => {
      const config = settlePaths(load(file, set), io);
      requireSound(config, { where: `${file}: `, allowOpen: true });
      const absent = await checkConfigOutside(io, config);
      const open = [...configFaults(config), ...absent].map(({ message, hint }) => `\n  ${message}. ${hint}`);
      io.out(`${file}: no fault found${open.length > 0 ? "; still to be given:" : ""}${open.join("")}\n`);
    });
  command
    .command("schema")
    .description("print the config's JSON Schema (--markdown: the reference page)")
    .option("--markdown", "as the page docs/configuration.md")
    .action(({ markdown }) =>
      io.out(markdown === true ? configReference() : `${JSON.stringify(configJsonSchema(), null, 2)}\n`),
    );
  return command as unknown as Command;
}
