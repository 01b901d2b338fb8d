/**
 * W2: one SFT step against TRL's SFTTrainer.
 *
 *   npm run bench -- W2 [--quick] [--rounds 3] [--clock cpu] [--threads N] [--dtype bfloat16] [--groups N …] [--json]
 */
import { measure } from "./lm/measure.ts";

await measure("W2");
