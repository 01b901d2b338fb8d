/**
 * W3: sampling a group a prompt against transformers' generate.
 *
 *   npm run bench -- W3 [--quick] [--rounds 3] [--clock cpu] [--threads N] [--dtype bfloat16] [--groups N …] [--json]
 */
import { measure } from "./lm/measure.ts";

await measure("W3");
