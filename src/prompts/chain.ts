/** One step of a chain. `tag` is null for text that stands outside of any tag. */
export interface Step {
  readonly tag: string | null;
  readonly text: string;
}

export interface ChainReading {
  /** Steps in order, as far as they can be told apart; texts are trimmed. */
  readonly steps: readonly Step[];
  /** The first thing that makes the chain ill-formed; null when it is a clean sequence of `<tag>…</tag>` steps. */
  readonly fault: string | null;
}

/** Opening or closing markup of any name; what it may be named is the allowed set's business. */
export const MARKUP = /<(\/?)([A-Za-z][\w-]*)>/g;

/** Whether a text holds `<name>` or `</name>` of any name. */
export const hasMarkup = (text: string): boolean => text.search(MARKUP) >= 0;

/** Where a step stands in a chain's text, its markup and the white space behind it included, and where its words do. */
export interface StepSpan {
  readonly tag: string | null;
  readonly from: number;
  readonly to: number;
  readonly text: { readonly from: number; readonly to: number };
}

/**
 * Reads the inside of `<think>` as a sequence of `<tag>…</tag>` steps and nothing else but white space.
 * Nested, unclosed or stray markup, text between steps, an empty step and the same step twice in a row are faults
 * (the last two are ours).
 */
export function readChain(text: string): ChainReading {
  const { spans, fault } = walk(text);
  return { steps: spans.map(({ tag, text: { from, to } }) => ({ tag, text: text.slice(from, to).trim() })), fault };
}

/** The spans of the very steps that {@link readChain} tells apart: one ends where the next begins, the last with the text. */
export function stepSpans(text: string): StepSpan[] {
  const { spans } = walk(text);
  return spans.map((span, i) => ({ ...span, to: spans[i + 1]?.from ?? text.length }));
}

function walk(text: string): { readonly spans: readonly Omit<StepSpan, "to">[]; readonly fault: string | null } {
  const spans: Omit<StepSpan, "to">[] = [];
  let fault: string | null = null;
  const blame = (what: string): void => {
    fault ??= what;
  };
  const wordsOf = ({ text: { from, to } }: Omit<StepSpan, "to">): string => text.slice(from, to).trim();
  // Of the step that is being read: its tag, where its markup and where its words begin.
  let [open, from, body]: [string | null, number, number] = [null, 0, 0];
  const close = (end: number): void => {
    const words = text.slice(body, end).trim();
    const begin = open === null ? body + text.slice(body, end).search(/\S|$/) : from;
    const span = { tag: open, from: begin, text: { from: body, to: end } };
    if (words === "") {
      if (open !== null) blame(`<${open}> is empty`);
      else return;
    }
    const last = spans.at(-1);
    if (last !== undefined && last.tag === span.tag && wordsOf(last) === words && span.tag !== null)
      blame(`<${span.tag}> stands twice in a row`);
    if (span.tag === null) blame("text outside of a tag");
    spans.push(span);
    open = null;
  };
  for (const match of text.matchAll(MARKUP)) {
    const [whole, slash, name = ""] = match;
    if (slash === "/") {
      if (open === null) blame(`</${name}> closes nothing`);
      else if (open !== name) blame(`<${open}> is closed by </${name}>`);
      close(match.index);
    } else {
      if (open !== null) blame(`<${name}> begins inside <${open}>`);
      close(match.index);
      open = name;
    }
    from = match.index;
    body = match.index + whole.length;
  }
  if (open !== null) blame(`<${open}> is not closed`);
  close(text.length);
  return { spans, fault };
}
