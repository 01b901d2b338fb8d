/** A response with its `<think>`: some chat templates open it in the prompt, so the model only closes it. */
export function withOpening(text: string): string {
  return text.includes("</think>") && !text.includes("<think>") ? `<think>\n${text.trimStart()}` : text;
}
