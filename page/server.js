// Speaks to the server that this page came from: what it serves, and answers as they stream.

/** @typedef {{number: number, score: number | null, fields: Record<string, string>}} ShownItem */
/**
 * What has come of one answer. falsehoods: statements about the history that are not so; items: what the model was shown,
 * and how that was chosen; fault: what is not clean in the answer's form.
 * @typedef {{reasoning: string, content: string, falsehoods: {text: string, fault: string}[], items: ShownItem[], how: string, tags: string[], fault: string | null, tokens: number}} Answer
 */

/** The token stands in the address's fragment, which no server sees. @returns {string} */
export const token = () => new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

/** @param {string} path @param {RequestInit} [init] */
async function ask(path, init = {}) {
  const headers = { authorization: `Bearer ${token()}`, "content-type": "application/json" };
  const reply = await fetch(path, { ...init, headers, cache: "no-store", credentials: "omit" });
  if (reply.ok) return reply;
  const body = await reply.json().catch(() => ({}));
  throw new Error(body?.error?.message ?? `the server answered ${reply.status}`);
}

/** @param {string} path @returns {Promise<any>} */
export const get = async (path) => (await ask(path)).json();

/**
 * @param {object} body of a chat completion
 * @param {string[]} tags in the order of their colours
 * @param {(so: Answer) => void} tell called with each piece that comes
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function stream(body, tags, tell, signal) {
  const init = { method: "POST", body: JSON.stringify({ ...body, stream: true }), signal };
  const reply = await ask("/v1/chat/completions", init);
  /** @type {Answer} */
  const so = { reasoning: "", content: "", falsehoods: [], items: [], how: "", tags, fault: null, tokens: 0 };
  for await (const data of events(reply)) {
    if (data === "[DONE]") break;
    const event = JSON.parse(data);
    if (event.error) throw new Error(event.error.message);
    take(so, event);
    tell(so);
  }
  return so;
}

/** @param {Answer} so @param {any} event a chunk of a chat completion */
function take(so, { choices, usage, tagpr }) {
  so.reasoning += choices[0]?.delta.reasoning_content ?? "";
  so.content += choices[0]?.delta.content ?? "";
  so.tokens = usage?.completion_tokens ?? so.tokens;
  if (tagpr?.shown) {
    const { items, history, retriever, cuts, prompt_tokens: tokens } = tagpr.shown;
    const cut = cuts.length === 0 ? "" : ` ${cuts.length} texts were cut to fit.`;
    so.items = items;
    so.how = `${items.length} of ${history} items, chosen by ${retriever.name}; a prompt of ${tokens} tokens.${cut}`;
  }
  if (tagpr?.said) {
    so.falsehoods = tagpr.said[0].steps.flatMap((/** @type {any} */ step) => step.false);
    so.fault = tagpr.said[0].fault;
  }
}

/** Server-sent events, cut anywhere. @param {Response} reply @returns {AsyncGenerator<string>} */
async function* events(reply) {
  const decoder = new TextDecoder();
  const reader = reply.body?.getReader();
  let rest = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    rest += decoder.decode(value, { stream: !done });
    const parts = rest.split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts)
      for (const line of part.split("\n")) if (line.startsWith("data:")) yield line.slice(5).trim();
    if (done) return;
  }
}
