import { TagprError } from "../core/errors.ts";
import type { Session } from "./session.ts";
import type { Datum, SampleRequest, TrainOptions } from "./types.ts";

type Announced = Pick<Session, "extensions">;

/** Extensions that a server must have announced, and what they are for. */
const NEEDED = {
  soft_tokens: "prompts with soft tokens",
  text_encoders: "the training of text encoders",
} as const;

/** @throws TagprError `engine` where the server has not announced what is about to be asked of it */
export function requireExtension({ extensions }: Announced, name: keyof typeof NEEDED): void {
  if (extensions[name] !== undefined) return;
  throw new TagprError("engine", `this engine doesn't serve ${NEEDED[name]} (extension ${name})`, {
    hint: "PPlug and HYDRA-Adapter need TagPR's own engine: engines.policy and engines.embeddings with kind: embedded, or a `tagpr engine serve`.",
  });
}

export function requireForData(session: Announced, data: readonly Datum[]): void {
  if (data.some(({ inputs }) => inputs.soft_tokens !== undefined)) requireExtension(session, "soft_tokens");
}

export function requireForSamples(session: Announced, requests: readonly SampleRequest[]): void {
  if (requests.some(({ soft }) => soft !== undefined)) requireExtension(session, "soft_tokens");
}

export function requireForTraining(session: Announced, { softPromptFor, reward }: TrainOptions): void {
  if (softPromptFor !== undefined || reward?.textEncoder === true) requireExtension(session, "text_encoders");
}
