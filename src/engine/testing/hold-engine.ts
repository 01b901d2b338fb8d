import { startEmbedded } from "../embedded.ts";
import type { SpawnOptions } from "../process.ts";

/** Starts an engine as told in argv, prints its pid, and stays until it is killed: the tests of its life run this. */
const options = JSON.parse(process.argv[2] ?? "{}") as SpawnOptions;
const { pid } = await startEmbedded({ ...options, env: process.env });
console.log(pid);
setInterval(() => {}, 1000);
