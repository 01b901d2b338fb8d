import { expect, it } from "vitest";
import { startServer } from "./start.ts";
import { fakeCompute, fakeService, TOKEN } from "./testing/fake-service.ts";

const silent = () =>
  fakeCompute({
    before: (signal) =>
      new Promise((_, left) => signal.addEventListener("abort", () => left(signal.reason), { once: true })),
  });
const ask = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: "a film" }] }),
    ...init,
  });

it("a client that hangs up cancels its sampling, and the log says so", async () => {
  const compute = silent();
  const { service, logged } = await fakeService({ compute });
  const server = await startServer(service, 0);
  const gone = new AbortController();
  const asked = ask(server.url, { signal: gone.signal }).catch((error: unknown) => error);
  await expect.poll(() => compute.requests.length).toBe(1);
  gone.abort();
  await asked;
  await expect.poll(compute.left).toBe(1);
  await expect.poll(() => logged).toMatchObject([{ status: 499, code: "client_left" }]);
  await server.close();
});

it("a stop waits for what is being answered; what takes longer is told so, whole, and nobody new is let in", async () => {
  const compute = silent();
  const grace = new AbortController();
  const { service } = await fakeService({
    compute,
    deadline: (ms) => (ms === 20_000 ? grace.signal : new AbortController().signal),
  });
  const server = await startServer(service, 0);
  const asked = ask(server.url);
  await expect.poll(() => compute.requests.length).toBe(1);
  const stopped = server.stop();
  await expect(ask(server.url)).rejects.toThrow();
  grace.abort();
  expect(await stopped).toBe(1);
  const answer = await asked;
  expect([answer.status, answer.headers.get("retry-after"), answer.headers.get("connection")]).toEqual([
    503,
    "2",
    "close",
  ]);
  expect(await answer.json()).toMatchObject({ error: { code: "stopping" } });
});

it("a stop with nothing to wait for is at once; a port that is taken is a sentence", async () => {
  const { service } = await fakeService();
  const server = await startServer(service, 0);
  const taken = startServer(service, Number(new URL(server.url).port));
  await expect(taken).rejects.toMatchObject({
    code: "environment",
    message: expect.stringMatching(/can't be listened on/),
  });
  expect((await ask(server.url)).status).toBe(200);
  expect(await server.stop()).toBe(0);
});
