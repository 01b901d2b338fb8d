import { expect, it } from "vitest";
import { makeFlights } from "../llm/flights.ts";
import type { Io } from "./io.ts";
import { untilStopped } from "./stop.ts";

/** A terminal on which somebody presses Ctrl-C. */
function keyboard() {
  const said: string[] = [];
  let press: Parameters<Io["onStop"]>[0] = () => {};
  const io: Io = {
    ...{ env: {}, cwd: "", argv: [], terminal: false, colour: false, out: () => {} },
    err: (text) => said.push(text),
    onStop: (stop) => {
      press = stop;
      return () => {};
    },
  };
  return { io, said, press: (signal: "SIGINT" | "SIGTERM") => press(signal) };
}

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s: answers on their way are waited for and kept, and nothing new is asked", async (signal, code) => {
  const { io, said, press } = keyboard();
  const flights = makeFlights();
  const kept: string[] = [];
  let answer = (_: string): void => {};
  const first = new Promise<string>((resolve) => {
    answer = resolve;
  });
  const work = (async () => {
    kept.push(await flights.fly(() => first));
    kept.push(await flights.fly(async () => "asked after the stop"));
  })();
  const stopped = untilStopped(io, flights, work);
  press(signal);
  await new Promise(setImmediate);
  expect(said.join("")).toMatch(/waits up to 25 s for 1 request on the way/);
  answer("paid for");
  expect(await stopped).toBe(code);
  expect(kept).toEqual(["paid for"]);
});

it("with nothing on its way a stop is at once, and work that ends by itself is no stop", async () => {
  const { io, said, press } = keyboard();
  const stopped = untilStopped(io, makeFlights(), new Promise(() => {}));
  press("SIGINT");
  expect(await stopped).toBe(130);
  expect(said).toEqual([]);
  expect(await untilStopped(io, makeFlights(), Promise.resolve())).toBeNull();
  await expect(untilStopped(io, makeFlights(), Promise.reject(new Error("its own")))).rejects.toThrow("its own");
});

it("what has no answer in time is counted, and said to be asked again", async () => {
  const flights = makeFlights();
  void flights.fly(() => new Promise(() => {}));
  expect(await flights.stop(Promise.resolve())).toBe(1);
});
