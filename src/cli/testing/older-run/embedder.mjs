// A provider of /v1/embeddings that counts letters, for a fixture that needs no model.
import { createServer } from "node:http";

const vector = (text) =>
  Array.from({ length: 8 }, (_, i) => [...text].filter((c) => c.codePointAt(0) % 8 === i).length + 0.5);
createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const { input, model } = JSON.parse(body);
    const data = [input].flat().map((text, index) => ({ object: "embedding", index, embedding: vector(text) }));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ object: "list", model, data, usage: { prompt_tokens: 1, total_tokens: 1 } }));
  });
}).listen(8766, "127.0.0.1");
