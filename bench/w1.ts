/**
 * W1: one GSPO step (sample a group a prompt, one update) against TRL's GRPOTrainer.
 *
 *   npm run bench -- W1 [--quick] [--rounds 3] [--clock cpu] [--threads N] [--dtype bfloat16] [--groups N …] [--json]
 */
import { measure } from "./lm/measure.ts";

await measure("W1");
