import type { Cost, Tools } from "../eval/types.ts";
import type { ChatModel } from "../llm/types.ts";

/** The same tools, and what was asked with them, in equal shares: for methods that don't keep account themselves. */
export function countedTools(tools: Tools): { counted: Tools; took: (shares: number) => Cost } {
  const sums = { promptTokens: 0, sampledTokens: 0, responses: 0 };
  const countedChat = (model: ChatModel): ChatModel => {
    const completeMany: ChatModel["completeMany"] = async (requests, onDone) => {
      const results = await model.completeMany(requests, onDone);
      for (const { texts, usage } of results) {
        sums.promptTokens += usage.promptTokens;
        sums.sampledTokens += usage.completionTokens;
        sums.responses += texts.length;
      }
      return results;
    };
    return {
      ...model,
      completeMany,
      complete: async (request) => (await completeMany([request]))[0] as Awaited<ReturnType<ChatModel["complete"]>>,
    };
  };
  const counted: Tools = {
    ...tools,
    sample: async (weights, asks) => {
      const drawn = await tools.sample(weights, asks);
      for (const { prompt } of asks) sums.promptTokens += prompt.length;
      for (const { tokens } of drawn.flat()) sums.sampledTokens += tokens;
      sums.responses += drawn.flat().length;
      return drawn;
    },
    chat: (name) => countedChat(tools.chat(name)),
  };
  return {
    counted,
    took: (shares) => ({
      promptTokens: sums.promptTokens / shares,
      sampledTokens: sums.sampledTokens / shares,
      responses: sums.responses / shares,
    }),
  };
}
