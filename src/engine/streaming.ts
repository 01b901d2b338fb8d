import { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { redact, withoutSecrets } from "../core/secrets.ts";
import { askedBody } from "./asked.ts";
import type { Session } from "./session.ts";
import { receive, type Transport } from "./transport.ts";
import type { SampleRequest, StreamedTokens } from "./types.ts";

const tokensSchema = z.object({
  sample: z.int().min(0),
  tokens: z.array(z.int().min(0)),
  stop_reason: z.enum(["stop", "length"]).nullable(),
});
/** Tokens, or the request's id, which comes first, or why no more will come. */
const lineSchema = z.union([tokensSchema, z.object({ request_id: z.string() }), z.object({ error: z.string() })]);

/** Speaks the embedded engine's extension `sample_stream`: a line of JSON for each token as it is sampled. */
export async function* streamSamples(
  session: Session,
  samplingSessionId: string,
  request: SampleRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamedTokens> {
  const { transport } = session;
  const call = { path: "/api/v1/sample_stream", body: askedBody(samplingSessionId, request), signal };
  let left = request.numSamples;
  for await (const text of linesOf(receive(transport, call))) {
    const line = readLine(transport, text);
    if ("error" in line) throw failed(transport, line.error);
    if (!("sample" in line)) continue;
    if (line.stop_reason !== null) left--;
    yield { sample: line.sample, tokens: line.tokens, finish: line.stop_reason };
  }
  if (left > 0) throw failed(transport, "the answer ended before it was whole");
}

function readLine(transport: Transport, text: string): z.infer<typeof lineSchema> {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new TagprError("engine", `the engine at ${withoutSecrets(transport.url)} streamed a line that is none`, {
      hint: "The engine does not follow the protocol; check its version.",
      cause: error,
    });
  }
}

const failed = ({ url, key }: Transport, said: string): TagprError =>
  new TagprError("engine", `the engine at ${withoutSecrets(url)} failed at sample_stream: ${redact(said, key)}`);

/** Lines of a body that comes in pieces, cut anywhere. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}
