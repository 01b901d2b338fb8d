// The page: what is filled in goes to the server as a chat completion, and what comes back is shown as it comes.
import { citations } from "./chain.js";
import { readHistory } from "./history.js";
import { get, stream, token } from "./server.js";
import { answerBox, itemList } from "./show.js";

/** @typedef {{name: string, title: string, answer: string, form: string | null, fields: string[], example: {items: object[], query: string}}} Task */
/** @typedef {{id: string, base: boolean, tags: string[], tasks: Task[]}} Model */
/** @typedef {{models: Model[], users: {some: string[], count: number} | null}} About */

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function part(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page lacks ${id}`);
}
const form = part("ask", HTMLFormElement);
const [taskList, beside] = [part("task", HTMLSelectElement), part("beside", HTMLSelectElement)];
const [history, query] = [part("history", HTMLTextAreaElement), part("query", HTMLTextAreaElement)];
const [user, file] = [part("user", HTMLInputElement), part("file", HTMLInputElement)];
const [send, stop] = [part("send", HTMLButtonElement), part("stop", HTMLButtonElement)];
const [notice, historyState] = [part("notice", HTMLElement), part("history-state", HTMLElement)];
const [answers, shown] = [part("answers", HTMLElement), part("shown", HTMLElement)];

/** @type {About} */
let about = { models: [], users: null };
/** @type {AbortController | null} */
let asking = null;

const task = () => about.models[0]?.tasks.find(({ name }) => name === taskList.value);

/** @param {string} text */
function say(text) {
  notice.textContent = text;
  notice.hidden = text === "";
}

/** @param {string} value @param {string} [text] */
function option(value, text = value) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
}

async function begin() {
  if (token() === "") {
    say("This address lacks its token. Open the one that tagpr serve prints: it ends in #token=…");
    return;
  }
  about = await get("/page/about");
  const [first, ...others] = about.models;
  part("model", HTMLElement).textContent = first?.id ?? "";
  taskList.replaceChildren(...(first?.tasks ?? []).map(({ name, title }) => option(name, `${name}: ${title}`)));
  beside.replaceChildren(option("", "nothing"), ...others.map(({ id }) => option(id)));
  beside.value = others.find(({ base }) => base)?.id ?? "";
  part("beside-label", HTMLElement).hidden = others.length === 0;
  part("user-label", HTMLElement).hidden = about.users === null;
  part("users", HTMLDataListElement).replaceChildren(...(about.users?.some ?? []).map((id) => option(id)));
  tellTask();
  send.disabled = false;
}

function tellTask() {
  const now = task();
  if (now === undefined) return;
  part("history-help", HTMLElement).textContent = `Fields of an item: ${now.fields.join(", ")}.`;
  part("query-help", HTMLElement).textContent = `The answer is ${now.answer}.${now.form ? ` Form: ${now.form}` : ""}`;
}

/** The history as it is to be sent; null where something is wrong with it, which is said. */
function ownHistory() {
  const read = readHistory(history.value);
  const fault = "fault" in read ? read.fault : "";
  history.setAttribute("aria-invalid", String(fault !== ""));
  const count = "items" in read ? read.items.length : 0;
  const counted = count === 0 && user.value !== "" ? "The user's own history is taken." : `${count} items.`;
  historyState.textContent = fault === "" ? counted : `The history can't be read: ${fault}.`;
  return "items" in read ? read.items : null;
}

/** @param {SubmitEvent | null} event */
async function ask(event) {
  event?.preventDefault();
  const items = ownHistory();
  if (items === null) return history.focus();
  if (query.value.trim() === "") return query.focus();
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  say("");
  stop.disabled = false;
  answers.replaceChildren();
  shown.hidden = true;
  const models = about.models.filter(({ id }, i) => i === 0 || id === beside.value);
  const own = items.length === 0 && user.value !== "" ? { user: user.value } : { items };
  const body = {
    messages: [{ role: "user", content: query.value }],
    ...{ stream_options: { include_usage: true }, temperature: 0, tagpr: { task: taskList.value, ...own } },
  };
  await Promise.all(models.map((model, i) => one(model, body, mine.signal, i === 0)));
  if (asking === mine) stop.disabled = true;
}

/** @param {Model} model @param {object} body @param {AbortSignal} signal @param {boolean} first */
async function one(model, body, signal, first) {
  const box = answerBox(model.id);
  answers.append(box.box);
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  try {
    const so = await stream({ ...body, model: model.id }, model.tags, box.show, signal);
    box.end(`${so.tokens} tokens, ${seconds()}`, so.fault ?? "");
    if (first) showItems(so);
  } catch (error) {
    box.end(signal.aborted ? "stopped" : "failed");
    if (!signal.aborted) say(error instanceof Error ? error.message : String(error));
  }
}

/** @param {import("./server.js").Answer} so */
function showItems({ reasoning, items, how }) {
  const cited = new Set(citations(reasoning, items.length).flatMap(({ number }) => number ?? []));
  part("items", HTMLOListElement).replaceChildren(...itemList(items, cited));
  part("shown-how", HTMLElement).textContent = how;
  shown.hidden = false;
}

/** The item that a chain cites comes into view. @param {MouseEvent} event */
function goToItem({ target }) {
  const number = target instanceof HTMLElement ? target.dataset.item : undefined;
  const item = number === undefined ? null : document.getElementById(`item-${number}`);
  if (item === null) return;
  for (const other of document.querySelectorAll(".items .now")) other.classList.remove("now");
  item.classList.add("now");
  item.focus();
}

form.addEventListener("submit", ask);
stop.addEventListener("click", () => asking?.abort());
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask(null);
  if (event.key === "Escape") asking?.abort();
});
taskList.addEventListener("change", tellTask);
history.addEventListener("input", ownHistory);
answers.addEventListener("click", goToItem);
part("choose", HTMLButtonElement).addEventListener("click", () => file.click());
file.addEventListener("change", async () => {
  history.value = (await file.files?.[0]?.text()) ?? "";
  ownHistory();
});
part("example", HTMLButtonElement).addEventListener("click", () => {
  const { items, query: asked } = task()?.example ?? { items: [], query: "" };
  history.value = items.map((item) => JSON.stringify(item)).join("\n");
  query.value = asked;
  ownHistory();
});
addEventListener("hashchange", () => location.reload());
begin().catch((error) => say(error instanceof Error ? error.message : String(error)));
