/** Starts an engine (options as JSON in argv), waits for its end, and says so: for a test that an engine may end slowly. */
import { type SpawnOptions, spawnEngine } from "../process.ts";

const engine = await spawnEngine(JSON.parse(process.argv[2] ?? "") as SpawnOptions);
await engine.stop();
console.log("stopped");
