/** Parts a control token written in a user's text; Unicode promises that no text means anything by it. */
const BREAK = "\ufdd0";

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** Not special in most vocabularies, and yet what begins and ends a chain or a call. */
const MARKS = /^<\/?(?:think|tool_call|tool_response)>$/;

/** `<think>` and its end, which stay in decoded text even where a tokenizer calls them special. */
export const isThinkMark = (content: string): boolean => /^<\/?think>$/.test(content);

/** How control tokens that stand in a text by themselves are told from those that a chat template writes. */
export interface ControlTokens {
  /** Those that a text holds, each once, in order. */
  found(text: string): string[];
  /** Whether a text holds any. */
  inside(text: string): boolean;
  /**
   * A text whose control tokens are no longer recognised, also not by a template that looks for them; `keepThinking`: but
   * for the marks of a chain, as in a turn of the assistant's.
   */
  disguise(text: string, keepThinking: boolean): string;
  /** A rendered prompt of disguised texts, for the tokenizer of {@link ControlTokens.vocabulary}: the template's tokens marked, the users' plain again. */
  mark(prompt: string): string;
  /** A prompt as people read it: disguises off. */
  show(prompt: string): string;
}

/** Null where the vocabulary has none. */
export function controlTokens(added: readonly AddedToken[]): ControlTokens | null {
  const contents = added.filter(isControl).map(({ content }) => content);
  if (contents.length === 0) return null;
  const longestFirst = contents.toSorted((a, b) => b.length - a.length);
  const any = new RegExp(longestFirst.map(escaped).join("|"), "gu");
  const part = (content: string): string => {
    const [head = ""] = content;
    return `${head}${BREAK}${content.slice(head.length)}`;
  };
  const plain = (text: string): string => text.replaceAll(BREAK, "");
  return {
    found: (text) => [...new Set(text.match(any))],
    inside: (text) => text.includes(BREAK) || text.search(any) >= 0,
    disguise: (text, keepThinking) =>
      plain(text).replace(any, (content) => (keepThinking && MARKS.test(content) ? content : part(content))),
    mark: (prompt) => {
      const marks: string[] = [];
      // The template's own tokens first, then the users' texts without their breaks.
      return prompt
        .replace(any, (content) => `${BREAK}${BREAK}${marks.push(content) - 1};`)
        .replace(new RegExp(`${BREAK}${BREAK}(\\d+);|${BREAK}`, "gu"), (_, n: string | undefined) =>
          n === undefined ? "" : marked(marks[Number(n)] ?? ""),
        );
    },
    show: plain,
  };
}

const isControl = ({ content, special }: AddedToken): boolean => content !== "" && (special || MARKS.test(content));

const marked = (content: string): string => `${BREAK}${content}`;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * The vocabulary under which only marked control tokens are recognised, with their own ids: the same text without marks
 * is ordinary text. `keepThinking`: the marks of a chain are recognised as they stand, as in a response.
 */
export function markedVocabulary<T extends { readonly added_tokens: readonly AddedToken[] }>(
  tokenizer: T,
  { keepThinking }: { readonly keepThinking: boolean },
): T {
  const rename = (token: AddedToken): AddedToken =>
    isControl(token) && !(keepThinking && MARKS.test(token.content))
      ? { ...token, content: marked(token.content) }
      : token;
  return { ...tokenizer, added_tokens: tokenizer.added_tokens.map(rename) };
}
