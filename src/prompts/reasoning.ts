/** Names between which models reason, in any brackets and letter case; several are one family. */
const FAMILIES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ["think", "thinking", "thought", "thoughts", "thought_process", "think_process", "inner_thoughts"],
    ["reasoning", "reason", "reasoning_content", "reasoning_process", "rationale"],
    ["reflection", "reflect", "reflections"],
    ["analysis", "analyze", "analyse"],
    ["scratchpad", "scratch"],
    ["cot", "chain_of_thought", "chain-of-thought"],
    ["plan", "planning"],
    ["inner", "inner_monologue", "monologue", "internal", "deliberation"],
    ["explanation", "justification", "critique", "verification"],
  ].flatMap((names) => names.map((name) => [name, names[0] ?? name])),
);
/** Names between which they answer. */
const ANSWERS = new Set(["answer", "final_answer", "final", "output", "response", "solution", "conclusion", "result"]);

/** One piece of markup that opens or closes reasoning or an answer. */
interface Mark {
  /** Of the reasoning; null for an answer. */
  readonly family: string | null;
  readonly opens: boolean;
  readonly start: number;
  readonly end: number;
}

/** `<name>`, `</name>`, `<name a="b">`, `[NAME]`, `<|name|>`, `◁name▷`, `<｜name｜>`, with a vendor's prefix or without. */
const MARK = /[<[◁][|｜]?(\/?)[|｜]?([A-Za-z][\w:-]{0,39})(?:\s[^<>[\]◁▷]{0,80})?[|｜]?[>\]▷]/gu;
const VENDOR = /^(?:seed|antml|mm|longcat)[:_]/;
const BEGINS = /^(?:begin_of_|begin_|start_of_|start_)/;
const ENDS = /^(?:end_of_|end_)/;
const QUOTES: Readonly<Record<string, string>> = { '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」" };

/**
 * What follows the reasoning of a response, whatever wrapper the model put around it: `<think>` and its kin in any
 * letter case and brackets, with or without the opening mark (a chat template may have written it), nested; harmony's
 * channels; an answer in marks of its own (`<answer>`, `<output>`), of which the last counts. Null where the reasoning
 * was never closed and no marked answer ends the text: nothing in it is an answer. Marks in quotation marks are text.
 */
export function afterReasoning(response: string): string | null {
  const text = plainMarks(response);
  const channel = finalChannel(text);
  if (channel === null) return null;
  const answer = afterMarks(channel);
  return answer === null ? null : untilEndOfTurn(answer);
}

/** Wrappers that are no bracketed name, written as `<think>`. */
function plainMarks(text: string): string {
  return text
    .replaceAll("<|channel>thought", "<think>")
    .replaceAll("<channel|>", "</think>")
    .replaceAll("<|inner_prefix|>", "<think>")
    .replaceAll("<|inner_suffix|>", "</think>")
    .replace(/^\s*Here(?: is|['’]s) my thought process:/iu, "<think>")
    .replace(/Here(?: is|['’]s) my response:/iu, "</think>");
}

/** Harmony: the last message of the channel `final`; the text itself where there are no channels, null without a final one. */
function finalChannel(text: string): string | null {
  const messages = text.split("<|message|>");
  if (messages.length > 1 || text.includes("<|channel|>")) {
    const final = messages.findLastIndex((_, i) => i > 0 && /^\s*final\b/.test(headerOf(messages[i - 1] ?? "")));
    return final < 0 ? null : (messages[final]?.split(/<\|(?:end|return|start|channel|call)\|>/u)[0] ?? null);
  }
  // The same with its special tokens left out by a decoder: `analysisThe user likes…assistantfinalcomedy`.
  if (!/^\s*(?:assistant)?analysis(?=\p{Lu})/u.test(text)) return text;
  const final = text.lastIndexOf("assistantfinal");
  return final < 0 ? null : text.slice(final + "assistantfinal".length);
}

/** What stands between the last `<|channel|>` or `<|start|>` and the message. */
const headerOf = (before: string): string =>
  before.slice(before.lastIndexOf("<|channel|>") + 1).replace(/^\|channel\|>/u, "");

interface Block {
  from: number;
  to: number;
  open: boolean;
}

function afterMarks(text: string): string | null {
  /** Families opened and not closed. */
  const stack: string[] = [];
  /** Where the first of them opened, and where the last whole reasoning ended. */
  let [opened, end] = [0, 0];
  let outside: Block | null = null;
  let inside: Block | null = null;
  for (const mark of marksOf(text)) {
    const { family, opens } = mark;
    if (family === null) {
      const block: Block | null = stack.length === 0 ? outside : inside;
      const next: Block = opens ? { from: mark.end, to: text.length, open: true } : closed(block, end, mark.start);
      if (stack.length === 0) outside = next;
      else inside = next;
    } else if (opens) {
      if (stack.length === 0) opened = mark.start;
      stack.push(family);
    } else {
      const at = stack.lastIndexOf(family);
      // Without its opening mark everything before is reasoning.
      const stray = at < 0 && (stack.length === 0 || family === "think");
      if (at < 0 && !stray) continue;
      if (stray) outside = null;
      stack.length = Math.max(at, 0);
      if (stack.length > 0) continue;
      end = mark.end;
      if (outside?.open === true) outside.from = end;
    }
  }
  if (outside !== null && !(stack.length > 0 && outside.open)) return text.slice(outside.from, outside.to);
  if (stack.length === 0) return text.slice(end);
  if (inside !== null && ends(text, inside)) return text.slice(inside.from, inside.to);
  const between = text.slice(end, opened);
  return end > 0 && between.trim() !== "" ? between : null;
}

/** A block that is closed; one whose opening mark is missing begins behind the reasoning. */
const closed = (block: Block | null, end: number, at: number): Block =>
  block?.open === true ? { from: block.from, to: at, open: false } : { from: end, to: at, open: false };

/** Whether an answer inside of unclosed reasoning is the last thing said. */
const ends = (text: string, { to, open }: Block): boolean =>
  open || untilEndOfTurn(text.slice(to).replace(MARK, "")).trim() === "";

function* marksOf(text: string): Generator<Mark> {
  const closedNames = new Set([...text.matchAll(/\[\/([A-Za-z][\w:-]{0,39})\]/gu)].map(([, name = ""]) => name));
  for (const match of text.matchAll(MARK)) {
    const [whole, slash, written = ""] = match;
    const [start, end] = [match.index, match.index + whole.length];
    const name = written.toLowerCase().replace(VENDOR, "");
    const bare = name.replace(BEGINS, "").replace(ENDS, "");
    const family = FAMILIES[bare] ?? null;
    if (family === null && !ANSWERS.has(bare)) continue;
    if (QUOTES[text[start - 1] ?? ""] === (text[end] ?? " ")) continue;
    // `[Analysis]` opens many a headline: square brackets count for thinking, or where the same name is closed too.
    if (whole.startsWith("[") && family !== "think" && !closedNames.has(written)) continue;
    yield { family, opens: slash === "" && !ENDS.test(name), start, end };
  }
}

const END_OF_TURN =
  /<\|(?:im_end|im_start|eot_id|eom_id|endoftext|end_of_text|end|return|END_OF_TURN_TOKEN|user|eos)\|>|<\/s>|<eos>|<end_of_turn>|<｜end▁of▁sentence｜>/u;

/** A text up to the first end of turn that a decoder left in. */
const untilEndOfTurn = (text: string): string => text.split(END_OF_TURN)[0] ?? text;
