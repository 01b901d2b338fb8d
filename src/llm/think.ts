/** A response with its `<think>`: some chat templates open it in the prompt, so the model only closes it. */
export function withOpening(text: string): string {
  return text.includes("</think>") && !text.includes("<think>") ? `<think>\n${text.trimStart()}` : text;
}

/** Up to where the model closed its thoughts, else up to the last whole sentence or line; all of it where none ends. */
export function wholeSentences(text: string): string {
  const closed = text.split("</think>")[0] ?? "";
  const body = closed.replace(/<\/?think>/g, "").trim();
  if (closed.length < text.length) return body;
  const end = Math.max(...[". ", ".\n", "。", "! ", "? ", "\n"].map((mark) => `${body} `.lastIndexOf(mark)));
  return end > 0 ? body.slice(0, end + 1).trim() : body;
}
