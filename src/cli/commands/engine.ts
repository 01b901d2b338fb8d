import { Command } from "@commander-js/extra-typings";
import type { App } from "../app.ts";
export function engineCommand(_app: App): Command {
  return new Command("engine");
}
