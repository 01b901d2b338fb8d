/** Chat and embeddings clients for OpenAI-compatible endpoints: cache, limits, retries, cost. */

export { type ChatClientOptions, makeChatClient } from "./client.ts";
export { type Embed, makeEmbedClient } from "./embeddings.ts";
export { type ChatCodec, type SelfTeacherOptions, selfTeacher } from "./self.ts";
export { fileStore, memoryStore, type Store } from "./store.ts";
export type { ChatMessage, ChatModel, ChatRequest, ChatResult, Spent, Usage } from "./types.ts";
