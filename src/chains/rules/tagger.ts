import { splitPieces } from "../pieces.ts";
import type { Candidate, Segment, Tagger } from "../types.ts";
import { type Scene, sceneOf } from "./scene.ts";

/** Cues of the steps between the first and the last, tried in turn. */
const CUES: readonly { readonly tag: string; readonly cue: RegExp }[] = [
  { tag: "verify_answer", cue: /\b(check|verify|double-check|make sure|confirm|wait)\b|核对|检查|确认/i },
  {
    tag: "compare_entities",
    cue: /\b(similar|same|unlike|whereas|compared?|closer|than|both|differs?)\b|相似|相比|比较|不同/i,
  },
  {
    tag: "identify_patterns",
    cue: /\b(patterns?|often|usually|tends?|always|mostly|typically|prefers?|preference|likes?|style|common(ly)?|generally|trend)\b|通常|经常|喜欢|偏好|风格|总是/i,
  },
  {
    tag: "examine_examples",
    cue: /\b(history|previous(ly)?|past|earlier|examples?|items?|before)\b|历史|之前|以前|记录/i,
  },
];

/** For tag sets that lack one: the nearest of the rest. */
const NEAREST: Readonly<Record<string, readonly string[]>> = {
  analyze_input: ["examine_examples", "identify_patterns"],
  examine_examples: ["identify_patterns", "compare_entities", "analyze_input"],
  identify_patterns: ["infer_preference", "examine_examples", "compare_entities"],
  compare_entities: ["examine_examples", "evaluate_candidates", "identify_patterns"],
  verify_answer: ["evaluate_candidates", "compare_entities", "make_decision"],
  make_decision: ["verify_answer", "apply_preference", "evaluate_candidates"],
};

/**
 * The tagger of runs without one: the first part reads the input, the last decides, and those between are tagged by
 * cues: words that check, compare or generalise, and mentions of the history. Parts in a row with one tag are one step,
 * so every chain of three parts or more has three steps or more; a shorter one has as many as it has parts, and lives.
 */
export function rulesTagger(): Tagger {
  return {
    name: "rules",
    tag: async (candidates, allowed, onDone) => {
      const all = candidates.map((candidate) => tagByRules(candidate, allowed));
      onDone?.(candidates.length);
      return all;
    },
    spent: () => null,
  };
}

export function tagByRules(candidate: Candidate, allowed: readonly string[] | null): Segment[] | null {
  const pieces = splitPieces(candidate.reasoning, candidate.task.language);
  const scene = sceneOf(candidate);
  const last = pieces.length - 1;
  const segments: Segment[] = [];
  for (const [k, { text }] of pieces.entries()) {
    const meant = k === 0 ? "analyze_input" : k === last ? "make_decision" : cueOf(text, scene);
    const before = segments.at(-1);
    const edge = k <= 1 || k === last;
    const tag = allowed ? nearest(meant, allowed) : meant;
    if (before && before.tag === tag && !edge) segments[segments.length - 1] = { ...before, to: k };
    else segments.push({ from: k, to: k, tag });
  }
  return segments.length > 0 ? segments : null;
}

function cueOf(text: string, scene: Scene): string {
  if (scene.mentionsHistory(text) && !CUES[0]?.cue.test(text) && !CUES[1]?.cue.test(text)) return "examine_examples";
  return CUES.find(({ cue }) => cue.test(text))?.tag ?? "identify_patterns";
}

function nearest(tag: string, allowed: readonly string[]): string {
  return [tag, ...(NEAREST[tag] ?? [])].find((name) => allowed.includes(name)) ?? allowed[0] ?? tag;
}
