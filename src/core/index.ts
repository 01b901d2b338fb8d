/** Errors, random streams, tags, the log that training loops write, and where this installation is. */

export { type ErrorCode, EXIT_CODES, messageOf, TagprError } from "./errors.ts";
export { enginePython, type Home, homeOf, modelsDir, packageRoot, version } from "./installation.ts";
export { type Progress, silent } from "./progress.ts";
export { type Random, seedOf, stream } from "./random.ts";
export { type Checkpoint, type LoopLog, openLoop } from "./run-dir.ts";
export { learningRate, type Schedule } from "./schedule.ts";
export { DEFAULT_TAGS } from "./tags.ts";
