import type { AnswerTools } from "./answer.ts";

/** Samples one token: engine and weights are there afterwards, or it is known why they are not. */
export async function warm({ compute, renderer }: AnswerTools, signal: AbortSignal): Promise<void> {
  const prompt = renderer.promptTokens([{ role: "user", content: "?" }], { thinking: true });
  const request = { prompt, n: 1, maxTokens: 1, temperature: 0, topP: 1, seed: 0 };
  for await (const delta of compute.complete(request, signal)) if (delta.finish !== null) return;
}
