/** Which items of a history are shown: recency, random, BM25, dense. */

export { bestPositions } from "./best.ts";
export { bm25Scores } from "./bm25.ts";
export { RETRIEVERS, type RetrieveOptions, type Retriever, rankProfile, retrieve } from "./retrieve.ts";
export { corpusText, queryText } from "./text.ts";
