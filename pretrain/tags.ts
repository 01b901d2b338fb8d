import { DEFAULT_TAGS } from "../src/core/tags.ts";

/** Tag names that free tagging is likely to come up with, besides the default nine. */
export const LIKELY_TAGS: readonly string[] = [
  "read_history",
  "read_profile",
  "recall_match",
  "find_match",
  "summarize_history",
  "infer_type",
  "check_consistency",
  "state_query",
  "weigh_options",
  "draw_conclusion",
];

/** Every tag that is one token for the shipped model; system prompts in pre-training name random subsets of them. */
export const KNOWN_TAGS: readonly string[] = [...DEFAULT_TAGS, ...LIKELY_TAGS];
