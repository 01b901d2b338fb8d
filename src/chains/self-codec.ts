import type { ChatCodec } from "../llm/self.ts";
import type { Renderer } from "../prompts/renderer.ts";

/** A model's renderer as the self-teacher needs it. The template may already have said `<think>` for the model. */
export function selfCodec(renderer: Renderer): ChatCodec {
  return {
    prompt: (messages, begun) => {
      const text = renderer.renderChat(messages, { thinking: true });
      const said = renderer.responsePrefix;
      return renderer.encode(text + (said !== "" && begun.startsWith(said) ? begun.slice(said.length) : begun));
    },
    decode: renderer.decode,
    eosIds: renderer.eosIds,
  };
}
