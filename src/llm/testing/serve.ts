/** `npx tsx src/llm/testing/serve.ts PORT`: the fake endpoint by hand; the name of the model chooses its manner. */
import { startFakeEndpoint } from "./fake-endpoint.ts";
import { MANNERS } from "./manners.ts";

const { url } = await startFakeEndpoint({ port: Number(process.argv[2] ?? 0) });
console.log(`${url}\nmodels: ${Object.keys(MANNERS).join(", ")}; any other answers`);
