/** Prompts of a task, chat rendering, token budget; reading answers and tags back. */

export { readAnswer } from "./answer.ts";
export { type AskedPrompt, type AskOptions, askPrompt, type PromptForm } from "./ask.ts";
export { type Cut, type FitRequest, type FittedPrompt, fitPrompt } from "./budget.ts";
export { type ChainReading, readChain, type Step } from "./chain.ts";
export { type Around, chatMessages, type Message, type PromptStyle, systemPrompt } from "./chat.ts";
export { type Codec, type Completion, type GenerateOptions, generate } from "./generate.ts";
export { type OfficialName, type OfficialPrompt, officialPrompt, type PieceTokenizer } from "./lamp.ts";
export { readLeniently } from "./lenient.ts";
export { loadRenderer, type Renderer, type RenderOptions } from "./renderer.ts";
export { type ReadOptions as ReadResponseOptions, type Response, readResponse } from "./response.ts";
