import { makeApp } from "../app.ts";
import { type FakeService, type FakeServiceOptions, fakeService, TOKEN } from "./fake-service.ts";

export const HEADERS = { host: "127.0.0.1:8000", authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

/** The app over a fake service, asked without a socket. */
export async function serve(options: FakeServiceOptions = {}) {
  const fake: FakeService = await fakeService(options);
  const app = makeApp(fake.service);
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      ...{ method, headers: { ...HEADERS, ...headers } },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  /** Status and JSON of an answer. */
  const call = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await ask(method, path, body, headers);
    return { status: answer.status, body: await answer.json() };
  };
  const chat = (body: object = {}, headers?: Record<string, string>) =>
    call(
      "POST",
      "/v1/chat/completions",
      { messages: [{ role: "user", content: "a film about love" }], ...body },
      headers,
    );
  return { ...fake, app, ask, call, chat };
}
