// Answers and items as elements of the page. Every text is set as text: nothing that a user or a model wrote is markup.
import { citations, pieces, steps } from "./chain.js";

/** @typedef {import("./server.js").Answer} Answer */
/** @typedef {import("./server.js").ShownItem} ShownItem */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {{class?: string, text?: string}} [how]
 * @param {readonly Node[]} [inside]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(name, how = {}, inside = []) {
  const made = document.createElement(name);
  if (how.class !== undefined) made.className = how.class;
  if (how.text !== undefined) made.textContent = how.text;
  made.append(...inside);
  return made;
}

/** One model's answer, empty at first; `show` puts into it what has come so far. @param {string} title */
export function answerBox(title) {
  const state = element("span", { class: "key" });
  const heading = element("h2", {}, [element("span", { text: title }), state]);
  const chain = element("ol", { class: "chain" });
  const answer = element("p", { class: "answer" });
  const notes = element("p", { class: "muted" });
  const box = element("article", {}, [heading, chain, answer, notes]);
  box.setAttribute("aria-busy", "true");
  return {
    box,
    /** @param {Answer} so */
    show: (so) => {
      chain.replaceChildren(...steps(so.reasoning).map((step) => stepOf(step, so)));
      answer.replaceChildren(element("span", { class: "key", text: "Answer " }), so.content || "…");
    },
    /** @param {string} said @param {string} [more] */
    end: (said, more = "") => {
      state.textContent = said;
      notes.textContent = more;
      box.setAttribute("aria-busy", "false");
    },
  };
}

/** @param {import("./chain.js").Step} step @param {Answer} so */
function stepOf({ tag, text }, { falsehoods, items, tags }) {
  const said = element(
    "span",
    { class: "said" },
    pieces(text, falsehoods, items.length).map((piece) => pieceOf(piece, items.length)),
  );
  const hue = tag === null ? -1 : tags.indexOf(tag);
  const made = element("li", { class: `step ${tag === null ? "" : hue < 0 ? "tother" : `t${hue % 12}`}`.trim() });
  if (tag !== null) made.append(element("span", { class: "tag", text: tag }), " ");
  made.append(said);
  return made;
}

/** @param {import("./chain.js").Piece} piece @param {number} items @returns {Node} */
function pieceOf({ kind, text, number, fault }, items) {
  if (kind === "cite") {
    const button = element("button", { class: "cite", text });
    button.type = "button";
    button.dataset.item = String(number);
    return button;
  }
  if (kind === "false")
    return element("span", {}, [
      element("s", {}, [
        element("span", { class: "spoken", text: "false: " }),
        ...citations(text, items).map((piece) => pieceOf(piece, items)),
      ]),
      element("span", { class: "why", text: ` (${fault})` }),
    ]);
  return document.createTextNode(text);
}

/** @param {readonly ShownItem[]} items @param {ReadonlySet<number>} cited */
export function itemList(items, cited) {
  return items.map(({ number, score, fields }) => {
    const rows = Object.entries(fields).flatMap(([name, value]) => [
      element("dt", { text: name }),
      element("dd", { text: value }),
    ]);
    const said = [cited.has(number) ? "cited" : "", score === null ? "" : `score ${score.toFixed(3)}`].filter(Boolean);
    const head = element("div", {}, [
      element("span", { class: "number", text: `[${number}]` }),
      element("span", { class: "muted", text: said.length === 0 ? "" : ` ${said.join(", ")}` }),
    ]);
    const made = element("li", cited.has(number) ? { class: "cited" } : {}, [head, element("dl", {}, rows)]);
    made.id = `item-${number}`;
    made.tabIndex = -1;
    return made;
  });
}
