/**
 * `node --import tsx src/llm/testing/ask-all.ts URL FOLDER MODEL REQUESTS SAMPLES CONCURRENCY`: a process that asks an endpoint
 * and keeps its answers, to be killed. Prints what it spent as JSON when it has all.
 */
import { makeChatClient } from "../client.ts";
import { patientFetch } from "../http.ts";

const [url = "", cacheDir = "", model = "", requests = "1", n = "1", concurrency = "1"] = process.argv.slice(2);
const chat = makeChatClient({
  ...{ role: "teacher", url, key: "", model, cacheDir, concurrency: Number(concurrency), fetch: patientFetch() },
  say: (line) => process.stderr.write(`${line}\n`),
});
await chat.completeMany(
  Array.from({ length: Number(requests) }, (_, i) => ({
    messages: [{ role: "user", content: `q${i}` }] as const,
    ...{ n: Number(n), temperature: 1, maxTokens: 9 },
  })),
);
process.stdout.write(JSON.stringify(chat.spent()));
process.exit(0);
