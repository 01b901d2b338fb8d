import { main } from "./cli.ts";
import { stopWithNpm } from "./parents.ts";

stopWithNpm(process.env, () => process.kill(process.pid, "SIGTERM"));
// Exits at once: an open keep-alive connection to a stopped engine would hold the process for seconds.
process.exit(await main(process.argv.slice(2)));
