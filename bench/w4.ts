/**
 * W4: one Bradley-Terry step against TRL's RewardTrainer.
 *
 *   npm run bench -- W4 [--quick] [--rounds 3] [--clock cpu] [--threads N] [--dtype bfloat16] [--groups N …] [--json]
 */
import { measure } from "./lm/measure.ts";

await measure("W4");
