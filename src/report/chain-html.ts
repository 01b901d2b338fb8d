import { html, type Safe } from "./html.ts";
import { hueIndex } from "./palette.ts";

/** A response cut for showing: nothing is dropped, whatever its faults, so that a reader sees what was said. */
export interface ShownChain {
  /** Steps and the text between them, in order; `tag` is null for text outside any tag. */
  readonly parts: readonly { readonly tag: string | null; readonly text: string }[];
  /** Text after `</think>`; the whole response where there is no thinking. */
  readonly answer: string;
}

const MARK = /<(\/?)([A-Za-z_][\w-]*)>/g;

/** Cuts a response into steps and answer, for the eye only; `readResponse` is the reader that counts. */
export function cutChain(response: string): ShownChain {
  const end = response.lastIndexOf("</think>");
  const opened = response.trimStart().startsWith("<think>");
  if (end < 0 && !opened) return { parts: [], answer: response.trim() };
  const body = (end < 0 ? response : response.slice(0, end)).replace(/^\s*<think>/, "");
  const parts: { tag: string | null; text: string }[] = [];
  const add = (tag: string | null, text: string): void => {
    if (tag !== null || text.trim() !== "") parts.push({ tag, text: text.trim() });
  };
  const marks = [...body.matchAll(MARK)];
  // Where each name is closed for the last time: nothing is sought that isn't there, so the time grows with the text alone.
  const lastClose = new Map(
    marks.flatMap(({ 1: slash, 2: name = "", index }) => (slash === "/" ? [[name, index]] : [])),
  );
  let at = 0;
  for (const { 0: whole, 1: slash, 2: name = "", index } of marks) {
    if (slash === "/" || index < at || (lastClose.get(name) ?? -1) < index) continue;
    const from = index + whole.length;
    const to = body.indexOf(`</${name}>`, from);
    add(null, body.slice(at, index));
    add(name, body.slice(from, to));
    at = to + name.length + "</>".length;
  }
  add(null, body.slice(at));
  return { parts, answer: end < 0 ? "" : response.slice(end + "</think>".length).trim() };
}

/** What a chain says that isn't so, and why. */
export interface Falsehood {
  readonly text: string;
  readonly fault: string;
}

/** A chain with each step in its tag's colour; the tag's name stands there too, so colour is never the only sign. */
export function chainHtml(response: string, tags: readonly string[], falsehoods: readonly Falsehood[] = []): Safe {
  const { parts, answer } = cutChain(response);
  const steps = parts.map(({ tag, text }) => {
    const said = html`<span class="said">${marked(text, falsehoods)}</span>`;
    if (tag === null) return html`<li class="step plain">${said}</li>`;
    return html`<li class="step ${hueClass(tag, tags)}"><span class="tag">${tag}</span> ${said}</li>`;
  });
  return html`${steps.length > 0 && html`<ol class="chain">${steps}</ol>`}<p class="answer"><span class="key">Answer</span> ${
    answer === "" ? html`<em>none</em>` : answer
  }</p>`;
}

/** The text with every false statement marked, and what is wrong with it in words. */
function marked(text: string, falsehoods: readonly Falsehood[]): Safe {
  const [first] = falsehoods
    .map((one) => ({ ...one, at: text.indexOf(one.text) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at || b.text.length - a.text.length);
  if (first === undefined) return html`${text}`;
  const end = first.at + first.text.length;
  return html`${text.slice(0, first.at)}<mark class="false">${first.text}<span class="why"> (false: ${first.fault})</span></mark>${marked(text.slice(end), falsehoods)}`;
}

export function hueClass(tag: string, tags: readonly string[]): string {
  const i = hueIndex(tag, tags);
  return i === null ? "tother" : `t${i}`;
}

/** Which colour is which tag. */
export function tagLegend(tags: readonly string[]): Safe {
  return html`<ul class="legend" aria-label="Colours of the tags">${tags.map(
    (tag) => html`<li class="${hueClass(tag, tags)}"><span class="tag">${tag}</span></li>`,
  )}<li class="tother"><span class="tag">any other tag</span></li></ul>`;
}
