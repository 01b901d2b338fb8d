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

/** What a step of each of these does: ours too, since the paper's text has the names alone. */
export const TAG_MEANINGS: Readonly<Record<(typeof PAPER_TAGS)[number] | (typeof OUR_TAGS)[number], string>> = {
  analyze_input: "says what the query is and what is asked for",
  examine_examples: "reads items of the user's history",
  identify_patterns: "says what several items have in common",
  compare_entities: "sets the query beside items, or items beside each other",
  make_decision: "settles on the answer",
  infer_preference: "concludes from the items what the user is like",
  apply_preference: "carries what is known of the user over to the query",
  evaluate_candidates: "weighs possible answers",
  verify_answer: "checks the answer before it is given",
};
