/**
 * TagPR as a library: every room in one. Each also stands alone (`tagpr/metrics`, `tagpr/engine`, …); the synthetic
 * world is in `tagpr/synthetic` only.
 */

export * from "./chains/index.ts";
export * from "./core/index.ts";
export * from "./data/index.ts";
export * from "./engine/index.ts";
export * from "./llm/index.ts";
export * from "./metrics/index.ts";
export * from "./policy/index.ts";
export * from "./prmu/index.ts";
export * from "./prompts/index.ts";
export * from "./retrieval/index.ts";
export * from "./rewards/index.ts";
export * from "./stats/index.ts";
