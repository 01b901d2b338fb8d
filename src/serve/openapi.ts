import { USER_HEADER } from "./caller.ts";
import { feedbackKept, feedbackRequest } from "./feedback-schema.ts";
import { answers, body, inHeader, input, json } from "./openapi-parts.ts";
import { userPaths, userSchemas } from "./openapi-users.ts";
import * as schemas from "./schema.ts";

/** The API as an OpenAPI 3.1 document, its schemas those that requests are checked by. */
export function openapi(version: string): object {
  const { chatRequest, chatResponse, chatChunk, embeddingsRequest, embeddingsResponse, modelList, errorBody } = schemas;
  const named = {
    ...{ ChatRequest: chatRequest, ChatResponse: chatResponse, ChatChunk: chatChunk },
    ...{ EmbeddingsRequest: embeddingsRequest, EmbeddingsResponse: embeddingsResponse },
    ...{ FeedbackRequest: feedbackRequest, Feedback: feedbackKept },
    ...{ ModelList: modelList, Error: errorBody, ...userSchemas },
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "TagPR",
      version,
      description:
        "OpenAI's chat completions, answered for one particular user: content is the answer, reasoning_content the chain, tagpr why.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ token: [] }],
    paths: {
      "/v1/chat/completions": {
        post: {
          operationId: "createChatCompletion",
          parameters: [inHeader(USER_HEADER, "Who asks, percent-encoded; before all that the body says.")],
          requestBody: body("ChatRequest"),
          responses: answers("The answer, whole or as server-sent events.", {
            ...json("ChatResponse"),
            "text/event-stream": { schema: { $ref: "#/components/schemas/ChatChunk" } },
          }),
        },
      },
      "/v1/models": { get: { operationId: "listModels", responses: answers("The models.", json("ModelList")) } },
      "/v1/embeddings": {
        post: {
          operationId: "createEmbedding",
          requestBody: body("EmbeddingsRequest"),
          responses: answers("The vectors.", json("EmbeddingsResponse")),
        },
      },
      "/v1/feedback": {
        post: {
          operationId: "createFeedback",
          requestBody: body("FeedbackRequest"),
          responses: answers("What is kept.", json("Feedback")),
        },
      },
      ...userPaths,
      "/health": {
        get: {
          operationId: "health",
          security: [],
          responses: { 200: { description: "It serves." }, 503: { description: "It is stopping." } },
        },
      },
      "/metrics": {
        get: {
          operationId: "metrics",
          responses: answers("Counts and times, for Prometheus.", { "text/plain": { schema: { type: "string" } } }),
        },
      },
    },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, input(schema)])),
    },
  };
}
