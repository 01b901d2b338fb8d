import type { Command } from "@commander-js/extra-typings";

/** `docs/commands.md`: what `--help` prints, of every command, added texts included. */
export function commandReference(program: Command): string {
  return [
    "# Commands",
    "",
    "Made from the program by `npm run docs`; do not edit.",
    "",
    helpOf(program),
    ...visible(program).flatMap((command) => section(command, program.name())),
  ].join("\n");
}

function section(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  return [`## ${name}`, "", helpOf(command), ...visible(command).flatMap((child) => section(child, name))];
}

function helpOf(command: Command): string {
  const usual = { ...command.configureOutput() };
  let text = "";
  command.configureOutput({
    getOutHelpWidth: () => 100,
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  command.configureOutput(usual);
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
}

const visible = (command: Command): Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== "help") as unknown as Command[];
