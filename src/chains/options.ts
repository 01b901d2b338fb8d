import type { ChainsConfig } from "../core/config/schema.ts";
import type { Progress } from "../core/progress.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { Embed } from "../llm/embeddings.ts";
import type { CheckSaid } from "./said.ts";
import type { RunTeacher } from "./teacher.ts";
import type { Judge, Tagger } from "./types.ts";

/** Of what chains are made, by whom and how. */
export interface BuildChainsOptions {
  /** Labelled training queries. */
  readonly examples: readonly ShownExample[];
  readonly tasks: readonly Task[];
  readonly config: ChainsConfig;
  /** Least number of steps of a chain (the tag reward's own minimum; paper: 3). */
  readonly minSteps?: number;
  /** One or several, whose chains mix by their shares. */
  readonly teachers: readonly RunTeacher[];
  readonly judge: Judge;
  readonly tagger: Tagger;
  /** What chains say of the shown items, checked. */
  readonly check: CheckSaid;
  /** Vectors of tag names. */
  readonly embed: Embed;
  readonly seed: number;
  readonly progress: Progress;
}
