import type { ChatCodec } from "../llm/self.ts";
import type { Renderer } from "../prompts/renderer.ts";

/** A model's renderer as the self-teacher needs it. The template may already have said `<think>` for the model. */
export function selfCodec(renderer: Renderer): ChatCodec {
  return {
    prompt: (messages, begun) => {
      const said = renderer.responsePrefix;
      const rest = said !== "" && begun.startsWith(said) ? begun.slice(said.length) : begun;
      return renderer.promptTokens(messages, { thinking: true, begun: rest });
    },
    decode: renderer.decode,
    eosIds: renderer.eosIds,
  };
}
