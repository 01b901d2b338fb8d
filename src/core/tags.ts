/** The five tags named in the paper (sections 1 and 4.6.2). */
export const PAPER_TAGS = [
  "analyze_input",
  "examine_examples",
  "identify_patterns",
  "compare_entities",
  "make_decision",
] as const;
/** The other four of nine stood in a figure that the text lost: these are ours. */
export const OUR_TAGS = ["infer_preference", "apply_preference", "evaluate_candidates", "verify_answer"] as const;
/** Default tag set, used until a chains run derives its own nine into `tags.json`. */
export const DEFAULT_TAGS: readonly string[] = [...PAPER_TAGS, ...OUR_TAGS];
