import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { packageRoot } from "../../core/installation.ts";
import type { App } from "../app.ts";
import { commandReference } from "../command-reference.ts";
import { methodsPage } from "../methods-page.ts";
import { configReference } from "../reference.ts";
import { suitesPage } from "../suites-page.ts";

/** Pages of docs/ that are made from the program itself; a test holds them up to date. */
export function generatedPages(program: Command): Readonly<Record<string, string>> {
  return {
    "configuration.md": configReference(),
    "commands.md": commandReference(program),
    "methods.md": methodsPage(),
    "suites.md": suitesPage(),
  };
}

/** For TagPR's own developers: `npm run docs`. */
export function docsCommand({ io }: App, program: Command): Command {
  const command = new Command("docs").description("write the generated pages of docs/").action(() => {
    for (const [name, text] of Object.entries(generatedPages(program))) {
      writeFileSync(join(packageRoot(), "docs", name), text);
      io.out(`docs/${name}\n`);
    }
  });
  return command as unknown as Command;
}
