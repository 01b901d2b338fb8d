import { main } from "./cli.ts";

// Exits at once: an open keep-alive connection to a stopped engine would hold the process for seconds.
process.exit(await main(process.argv.slice(2)));
