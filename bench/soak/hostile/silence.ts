import FakeTimers from "@sinonjs/fake-timers";
import { patientFetch } from "../../../src/llm/http.ts";
import { choices, client, request, serve } from "./endpoint.ts";
import { hold, type Setting, type Trial } from "./trial.ts";

/** One for all rounds: undici goes on with the timer that it has once made. */
const clock = FakeTimers.createClock();
const timersOf = ({ setTimeout, clearTimeout, setInterval, clearInterval }: typeof globalThis | typeof clock) => ({
  ...{ setTimeout, clearTimeout, setInterval, clearInterval },
});
const real = timersOf(globalThis);
const MINUTE_MS = 60_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Headers and a piece of the answer, then silence for minutes. Within `timeout` the rest arrives, and nothing is asked for
 * again; beyond it the request is. The clock is ours, the sockets are real; undici's own limits run on that clock too.
 */
async function silences({ random }: Setting): Promise<void> {
  const timeout = (10 + random.int(50)) * MINUTE_MS;
  const late = random.next() < 0.5;
  const silence = timeout * (late ? 1.2 : 0.3 + 0.6 * random.next());
  const beforeHeaders = random.next() < 0.3;
  Object.assign(globalThis, timersOf(clock));
  try {
    const server = await serve(async (_, call, response) => {
      if (call > 0) return choices(response, ["second"]);
      if (!beforeHeaders) {
        response.setHeader("content-type", "application/json");
        response.write(" ");
      }
      // The piece has to be there before the clock goes on.
      for (let i = 0; i < 20; i++) await turn();
      await clock.tickAsync(silence);
      choices(response, ["first"]);
    });
    const more = { fetch: patientFetch(), timeout, sleep: async () => {} };
    const { texts } = await client(server.url, more).complete(request("q"));
    const { calls } = server.seen;
    await server.close();
    const what = `${Math.round(silence / MINUTE_MS)} of ${timeout / MINUTE_MS} minutes of silence`;
    hold(calls === (late ? 2 : 1), `${what}: asked ${calls} times`);
    hold(texts.join() === (late ? "second" : "first"), `${what}: the answer is ${JSON.stringify(texts)}`);
  } finally {
    // Sockets that close yet clear their timers, which are this clock's.
    for (let i = 0; i < 20; i++) await turn();
    Object.assign(globalThis, real);
  }
}

export const SILENCE: readonly Trial[] = [
  { point: 6, name: "long silence before an answer, or within it", run: silences },
];
