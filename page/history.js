// Reads a pasted history: a JSON list of items, or an item a line.

/** @typedef {Record<string, unknown>} Item */

/**
 * @param {string} text
 * @returns {{items: Item[]} | {fault: string}}
 */
export function readHistory(text) {
  const trimmed = text.trim();
  if (trimmed === "") return { items: [] };
  if (trimmed.startsWith("[")) {
    const list = parsed(trimmed);
    if (!Array.isArray(list)) return { fault: "the list of items is no JSON" };
    const odd = list.findIndex((item) => !isItem(item));
    return odd < 0 ? { items: list } : { fault: `entry ${odd + 1} is no item: an object with the fields of one` };
  }
  /** @type {Item[]} */
  const items = [];
  for (const [i, line] of trimmed.split("\n").entries()) {
    if (line.trim() === "") continue;
    const item = parsed(line);
    if (!isItem(item)) return { fault: `line ${i + 1} is no item: write {"field": "text", …}` };
    items.push(item);
  }
  return { items };
}

/** @param {string} text @returns {unknown} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {unknown} value @returns {value is Item} */
const isItem = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
