import { ENDPOINT } from "./endpoint.ts";
import { FOLDERS } from "./folders.ts";
import { INPUTS } from "./inputs.ts";
import { SILENCE } from "./silence.ts";
import { TRAINING } from "./training.ts";
import type { Trial } from "./trial.ts";
import { WIRE } from "./wire.ts";

export const TRIALS: readonly Trial[] = [...FOLDERS, ...ENDPOINT, ...SILENCE, ...INPUTS, ...WIRE, ...TRAINING];
