import { createParser } from "eventsource-parser";

/** The data of each server-sent event of a body, up to OpenAI's `[DONE]`. */
export async function* serverEvents(reply: {
  readonly body?: unknown;
  arrayBuffer(): Promise<ArrayBuffer>;
}): AsyncGenerator<string> {
  const found: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => found.push(data) });
  const decoder = new TextDecoder();
  const body = reply.body as AsyncIterable<Uint8Array> | null | undefined;
  for await (const bytes of body ?? [new Uint8Array(await reply.arrayBuffer())]) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    for (const data of found.splice(0)) {
      if (data === "[DONE]") return;
      yield data;
    }
  }
}
