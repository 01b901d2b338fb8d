import { ENDPOINT } from "./endpoint.ts";
import { FOLDERS } from "./folders.ts";
import { INPUTS } from "./inputs.ts";
import type { Trial } from "./trial.ts";
import { WIRE } from "./wire.ts";

export const TRIALS: readonly Trial[] = [...FOLDERS, ...ENDPOINT, ...INPUTS, ...WIRE];
