import { TagprError } from "../core/errors.ts";
import { redact, withoutSecrets } from "../core/secrets.ts";
import { clipped } from "./sentence.ts";
import type { Verdict } from "./verdict.ts";

/** What of an endpoint's settings a hint may name. */
export type Setting = "url" | "model" | "concurrency" | "timeout" | "max_wait" | "temperature" | "max_tokens";

/** What a message about an endpoint may name. The key itself is here only to be struck out of what others say. */
export interface EndpointName {
  /** `teacher`, `judge`, `tagger`, `embeddings`. */
  readonly role: string;
  readonly url: string;
  readonly model: string;
  readonly key: string;
  /** Where the key comes from, for hints: `OPENAI_API_KEY`. */
  readonly keyName: string;
  /** How the command at hand calls a setting: `teacher.url`, `--url`; null where it has none. */
  readonly setting: (name: Setting) => string | null;
}

/** How a request ended that brought no answer. */
export type Ending =
  | Exclude<Verdict, { kind: "answer" }>
  | { readonly kind: "unreached" | "broken" | "elsewhere"; readonly said: string };

const GOES_ON = "What was answered is kept: the same command goes on from there.";
const LIST = new Intl.ListFormat("en", { type: "conjunction" });

/** What it was, in the server's own words, and without the key. */
export function saidOf({ key }: EndpointName, end: Ending): string {
  const said = clipped(redact(end.said, key)); // in this order: a key that a cut went through would not be known for one
  switch (end.kind) {
    case "unreached":
      return `can't be reached (${said})`;
    case "broken":
      return `gave ${said}`;
    case "elsewhere":
      return `redirects to another address, ${said}; that is not followed`;
    case "unusable":
      return `answered something that can't be used: ${said || "nothing at all"}`;
    default:
      return said === ""
        ? `answered ${end.status} without a word`
        : `answered ${end.status}${end.status === 200 ? " with an error" : ""}: ${said}`;
  }
}

/** One sentence for a request that ends the command, and what to do. `worked`: the endpoint has answered before, so its address is right. */
export function endpointError(at: EndpointName, end: Ending, worked: boolean, before = ""): TagprError {
  const hint = `${hintOf(at, end, worked)}${worked ? ` ${GOES_ON}` : ""}`;
  return new TagprError("llm", `${whoIs(at)}: ${before}${saidOf(at, end)}`, { hint });
}

export const whoIs = ({ role, url }: EndpointName): string => `${role} endpoint ${withoutSecrets(url)}`;

/** The names of settings that the command has, for a hint: `teacher.url`, `--url and --model`. */
const named = ({ setting }: EndpointName, ...names: readonly Setting[]): string =>
  LIST.format(names.flatMap((name) => setting(name) ?? []));

/** Advice about those of the settings that the command has; `before` stands in front of it, where there is any. */
function advice({ setting }: EndpointName, before: string, what: Partial<Record<Setting, string>>): string {
  const parts = Object.entries(what).flatMap(([name, verb]) => {
    const own = setting(name as Setting);
    return own === null ? [] : [`${verb} ${own}`];
  });
  return parts.length === 0 ? `${before}.` : `${before}: ${parts.join(", or ")}.`;
}

function hintOf(at: EndpointName, end: Ending, worked: boolean): string {
  switch (end.kind) {
    case "unreached":
      return worked ? "Start the server again." : `Start the server, or mend ${named(at, "url")}.`;
    case "elsewhere":
      return `Key and prompts go to ${new URL(at.url).origin} alone. If you trust the other address, set ${named(at, "url")} to it.`;
    case "broken":
      return advice(at, "The server may have too much to do", { concurrency: "lower", timeout: "raise" });
    case "unusable":
      return worked
        ? "It has answered before: look at the server's log."
        : `${named(at, "url")} must be the base URL of an OpenAI-compatible API; it usually ends in /v1.`;
    case "busy":
      return advice(at, "Rate limit or quota; run it later", { concurrency: "lower", max_wait: "raise" });
    case "failed":
      return "The server failed, and did so again when asked again: look at its log, or try later.";
    case "refused":
      return `It does not take this request: look at ${named(at, "model", "temperature", "max_tokens")}.`;
    case "closed":
      return closedHint(at, end.status, worked);
  }
}

function closedHint(at: EndpointName, status: number, worked: boolean): string {
  if (status === 401 || status === 403)
    return `The key was refused${at.key === "" ? " (none was given)" : ""}: put a valid one into the environment variable ${at.keyName}.`;
  if (status === 402 || status === 429)
    return "The account has no credit left there: top it up, or take another endpoint.";
  if (worked) return "It has answered before: look whether the model is still served.";
  return `Check ${named(at, "url")} (it usually ends in /v1) and the model name "${at.model}".`;
}
