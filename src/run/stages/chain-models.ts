import { join } from "node:path";
import { modelJudge } from "../../chains/judge.ts";
import { rulesJudge } from "../../chains/rules/judge.ts";
import { rulesTagger } from "../../chains/rules/tagger.ts";
import { rulesTeacher } from "../../chains/rules/teacher.ts";
import { selfCodec } from "../../chains/self-codec.ts";
import { modelTagger } from "../../chains/tagger.ts";
import { modelTeacher, type RunTeacher, type Teacher } from "../../chains/teacher.ts";
import type { Judge, Sampling, Tagger } from "../../chains/types.ts";
import type { LlmConfig } from "../../core/config/schema.ts";
import { type SharedTeacher, teachersOf } from "../../core/config/teachers.ts";
import { TagprError } from "../../core/errors.ts";
import { readJson } from "../../core/jsonl.ts";
import type { Almanac } from "../../data/synthetic/almanac.ts";
import { type Scripted, startScripted } from "../../data/synthetic/scripted/server.ts";
import { makeChatClient } from "../../llm/client.ts";
import { selfTeacher } from "../../llm/self.ts";
import { fileStore } from "../../llm/store.ts";
import type { ChatModel, ChatResult } from "../../llm/types.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { statements } from "../../rewards/grounding.ts";
import type { StageContext } from "../stage.ts";
import { baseIdentity } from "./common.ts";

type Role = "teacher" | "judge" | "tagger";

export interface ChainModels {
  readonly teachers: readonly RunTeacher[];
  readonly judge: Judge;
  readonly tagger: Tagger;
  close(): Promise<void>;
}

/** Whoever the config names for the three roles; the scripted server is started where one of them is it. */
export async function openChainModels(context: StageContext): Promise<ChainModels> {
  const { config } = context;
  const { judge, tagger } = config;
  const all = [...teachersOf(config), judge, tagger];
  const scripted = all.some(({ kind }) => kind === "scripted") ? await startServer(context) : null;
  const chat = (role: Role, settings: LlmConfig): ChatModel => chatModel(context, role, settings, scripted);
  const teachers: RunTeacher[] = [];
  for (const settings of teachersOf(config)) {
    const { share, rationalize } = settings;
    teachers.push({ share, rationalize, teacher: await openTeacher(context, settings, chat) });
  }
  return {
    teachers,
    judge: judge.kind === "rules" ? rulesJudge(statements) : modelJudge(chat("judge", judge), sampling(judge)),
    tagger: tagger.kind === "rules" ? rulesTagger() : modelTagger(chat("tagger", tagger), sampling(tagger)),
    close: async () => scripted?.close(),
  };
}

async function openTeacher(
  context: StageContext,
  settings: SharedTeacher,
  chat: (role: Role, settings: LlmConfig) => ChatModel,
): Promise<Teacher> {
  const { kind, temperature, max_tokens: maxTokens } = settings;
  if (kind === "rules") return rulesTeacher(context.config.seed, statements);
  const model = kind === "self" ? await self(context, settings) : chat("teacher", settings);
  return modelTeacher(model, { temperature, maxTokens });
}

const sampling = ({ temperature, max_tokens }: LlmConfig): Sampling => ({ temperature, maxTokens: max_tokens });

async function startServer({ config, run }: StageContext): Promise<Scripted> {
  if (config.data.source !== "synthetic")
    throw new TagprError("usage", "the scripted teacher, judge and tagger know the synthetic world only", {
      hint: "For your own data name an endpoint (kind: openai), or teacher: {kind: self}, judge and tagger: {kind: rules}.",
    });
  const { almanac } = readJson<{ almanac: Almanac }>(join(run, "data", "world.json"));
  return startScripted({ almanac });
}

function chatModel(context: StageContext, role: Role, settings: LlmConfig, scripted: Scripted | null): ChatModel {
  if (settings.kind === "scripted" && scripted !== null)
    // It listens on another port every time: nothing that is kept may hang on that.
    return {
      ...makeChatClient({
        ...{ ...clientBase(context, role, settings), url: scripted.url, key: "", model: "scripted" },
        identity: scripted.identity,
      }),
      name: "scripted",
    };
  if (settings.kind !== "openai")
    throw new TagprError("usage", `${role}.kind: ${settings.kind} is for ${OTHERS[settings.kind] ?? "other roles"}`, {
      hint: `Set ${role}.kind to scripted, openai${role === "teacher" ? ", self" : ""} or rules.`,
    });
  return endpointModel(context, role, settings);
}

/** A model behind an endpoint; its answers are kept in `RUN/cache/llm/ROLE.jsonl`, whichever stage asks for them. */
export function endpointModel(
  context: Asker,
  role: string,
  settings: Omit<LlmConfig, "kind">,
  setting?: (name: string) => string,
): ChatModel {
  const { url, key_env: keyName, model, price_in, price_out } = settings;
  return makeChatClient({
    ...clientBase(context, role, settings),
    ...{ url, key: context.secret(keyName) ?? "", keyName, model, prices: { in: price_in, out: price_out } },
    ...(setting === undefined ? {} : { setting }),
  });
}

type Asker = Pick<StageContext, "run" | "fetch" | "flights" | "progress" | "secret">;

/** Outside the stage's folder: what is made again needn't be paid for again. */
const clientBase = (
  { run, fetch, flights, progress }: Asker,
  role: string,
  { concurrency, timeout, max_wait }: Omit<LlmConfig, "kind">,
) => ({
  ...{ role, fetch, flights, say: progress.say, cacheDir: join(run, "cache", "llm") },
  ...{ concurrency, timeout: 1000 * timeout, maxWait: 1000 * max_wait },
});

const OTHERS: Readonly<Partial<Record<LlmConfig["kind"], string>>> = {
  self: "the teacher only",
};

/** Room for an answer after forced thoughts: a label, a title. */
const ANSWER_TOKENS = 48;

/** The policy's own base model, sampled through the engine. */
async function self(context: StageContext, { max_tokens }: SharedTeacher): Promise<ChatModel> {
  const { config, run, engines } = context;
  const renderer = loadRenderer(await context.modelDir(config.model));
  // Who knows `<think>` as one token was trained to think; for others the markers are said.
  const thinks = renderer.encode("<think>").length === 1;
  return selfTeacher({
    name: `${config.model} itself`,
    identity: { base: await baseIdentity(config, context), dtype: config.engines.policy.dtype },
    sampler: await (await engines.policy()).sampler(config.model),
    codec: selfCodec(renderer),
    seed: config.seed,
    store: fileStore<ChatResult[]>(join(run, "cache", "llm", "self.jsonl")),
    ...(thinks ? {} : { forced: { thoughts: max_tokens, answer: ANSWER_TOKENS } }),
  });
}
