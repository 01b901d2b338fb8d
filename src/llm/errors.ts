import OpenAI from "openai";
import { messageOf, TagprError } from "../core/errors.ts";
import { redact, withoutSecrets } from "../core/secrets.ts";

/** What a message about an endpoint may name. The key itself is here only to be struck out of what others say. */
export interface EndpointName {
  /** `teacher`, `judge`, `tagger`, `embeddings`. */
  readonly role: string;
  readonly url: string;
  readonly model: string;
  readonly key: string;
  /** Where the key comes from, for hints: `OPENAI_API_KEY`. */
  readonly keyName: string;
}

const GOES_ON = "What was answered is kept: the same command goes on from there.";

/** One sentence for whatever a request ended in, and what to do. The original error is not kept: it may hold the key. */
export function endpointError(at: EndpointName, error: unknown): TagprError {
  if (error instanceof TagprError) return error;
  const where = `${at.role} endpoint ${withoutSecrets(at.url)}`;
  const { what, hint } = diagnose(at, error);
  return new TagprError("llm", redact(`${where}: ${what}`, at.key), { hint: redact(hint, at.key) });
}

function diagnose(at: EndpointName, error: unknown): { what: string; hint: string } {
  if (error instanceof OpenAI.APIConnectionTimeoutError)
    return {
      what: "no answer in time",
      hint: `Check that the server is not overloaded; lower ${at.role}.concurrency. ${GOES_ON}`,
    };
  if (error instanceof OpenAI.APIConnectionError)
    return {
      what: `can't be reached (${messageOf(error.cause ?? error)})`,
      hint: `Start the server, or mend ${at.role}.url in the config. ${GOES_ON}`,
    };
  if (!(error instanceof OpenAI.APIError) || error.status === undefined)
    return {
      what: `answered something that is no chat completion (${messageOf(error)})`,
      hint: `${at.role}.url must be the base URL of an OpenAI-compatible API; it usually ends in /v1.`,
    };
  const what = `answered ${error.status}: ${messageOf(error).replace(/^\d+ /, "").slice(0, 300)}`;
  return { what, hint: `${hintOf(at, error.status)} ${GOES_ON}` };
}

function hintOf(at: EndpointName, status: number): string {
  if (status === 401 || status === 403)
    return `The key was refused${at.key === "" ? " (none was given)" : ""}: put a valid one into the environment variable ${at.keyName}.`;
  if (status === 404) return `Check ${at.role}.url (it usually ends in /v1) and the model name "${at.model}".`;
  if (status === 429)
    return `Rate limit or quota: wait, lower ${at.role}.concurrency, or look at the account's limits.`;
  if (status >= 500) return "The server failed, and retries did too: look at its log, or try later.";
  return `The endpoint does not take this request: check ${at.role}.model, temperature and max_tokens.`;
}
