// Cuts what a model has said so far into steps, and a step into what is cited, what is false and the rest.

/** @typedef {{tag: string | null, text: string}} Step */
/** @typedef {{kind: "text" | "cite" | "false", text: string, number?: number, fault?: string}} Piece */

const OPEN = /<([A-Za-z_][\w-]*)>/g;

/**
 * Steps as far as they have come: what stands between a tag and its own end, whatever it holds, and the text between steps.
 * @param {string} chain @returns {Step[]}
 */
export function steps(chain) {
  /** @type {Step[]} */
  const found = [];
  const add = (/** @type {string | null} */ tag, /** @type {string} */ text) => {
    if (text.trim() !== "") found.push({ tag, text: text.trim() });
  };
  let at = 0;
  for (const { 0: mark, 1: tag = "", index } of chain.matchAll(OPEN)) {
    if (index < at) continue;
    const from = index + mark.length;
    const end = chain.indexOf(`</${tag}>`, from);
    add(null, chain.slice(at, index));
    add(tag, chain.slice(from, end < 0 ? undefined : end));
    at = end < 0 ? chain.length : end + mark.length + 1;
  }
  add(null, chain.slice(at));
  return found;
}

// The last: a line that begins with the item's number, as the synthetic world's prose does.
const CITED =
  /\[(\d{1,3})\]|\bitems? #?(\d{1,3})\b|\bexamples? #?(\d{1,3})\b|(?<![\w#])#(\d{1,3})\b|第\s*(\d{1,3})\s*[条个篇项则部件]|^(\d{1,2})(?= \S)/gim;

/**
 * @param {string} text of a step
 * @param {readonly {text: string, fault: string}[]} falsehoods
 * @param {number} items how many were shown: other numbers cite nothing
 * @returns {Piece[]}
 */
export function pieces(text, falsehoods, items) {
  const first = falsehoods
    .map((one) => ({ ...one, at: text.indexOf(one.text) }))
    .filter(({ at, text: words }) => at >= 0 && words !== "")
    .sort((a, b) => a.at - b.at || b.text.length - a.text.length)[0];
  if (first === undefined) return citations(text, items);
  const end = first.at + first.text.length;
  return [
    ...citations(text.slice(0, first.at), items),
    { kind: "false", text: first.text, fault: first.fault },
    ...pieces(text.slice(end), falsehoods, items),
  ];
}

/** @param {string} text @param {number} items @returns {Piece[]} */
export function citations(text, items) {
  /** @type {Piece[]} */
  const found = [];
  let at = 0;
  for (const match of text.matchAll(CITED)) {
    const number = Number(match.slice(1).find((part) => part !== undefined));
    if (number < 1 || number > items) continue;
    if (match.index > at) found.push({ kind: "text", text: text.slice(at, match.index) });
    found.push({ kind: "cite", text: match[0], number });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ kind: "text", text: text.slice(at) });
  return found;
}
