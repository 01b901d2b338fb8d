import type { Engines } from "../run/stage.ts";
import type { OpenEngines } from "./app.ts";
export function openEngines(_o: OpenEngines): Engines {
  throw new Error("soon");
}
