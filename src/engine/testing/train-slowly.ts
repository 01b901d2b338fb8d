/** A step of training at each line of input, its log-probs as a line of output: for tests in which it is suspended. Options as JSON in argv. */
import { createInterface } from "node:readline";
import { startEmbedded } from "../embedded.ts";
import type { SpawnOptions } from "../process.ts";
import type { AdamParams, Datum } from "../types.ts";

const given = JSON.parse(process.argv[2] ?? "") as SpawnOptions & { data: Datum[]; adam: AdamParams };
const { engine, pid, close } = await startEmbedded({ ...given, env: process.env });
const client = await engine.train({ model: given.models[0] ?? "", rank: 0, seed: 1 });
console.log(pid);
for await (const _ of createInterface({ input: process.stdin })) {
  await client.forwardBackward(given.data, "cross_entropy");
  await client.optimStep(given.adam);
  const { outputs } = await client.forward(given.data, "cross_entropy");
  console.log(JSON.stringify(outputs.map(({ logprobs }) => Array.from(logprobs ?? []))));
}
await close();
