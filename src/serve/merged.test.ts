import { expect, it } from "vitest";
import { merged } from "./merged.ts";

async function* counting(to: number, wait: Promise<unknown> = Promise.resolve()): AsyncGenerator<number> {
  for (let i = 0; i < to; i++) {
    await wait;
    yield i;
  }
}
/** `Promise.withResolvers`, which Node 20 lacks. */
const gateOf = (): { promise: Promise<void>; resolve: () => void } => {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};
const none = (): void => {};
const all = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
};

it("brings all of all, and what is there does not wait for what is late", async () => {
  const gate = gateOf();
  const found: number[] = [];
  for await (const one of merged([counting(2, gate.promise), counting(3)], none)) {
    found.push(one);
    if (found.length === 3) gate.resolve();
  }
  expect(found).toEqual([0, 1, 2, 0, 1]);
  expect(await all(merged([], none))).toEqual([]);
});

it("who leaves early ends the others, and so does a failure", async () => {
  const open = (): { stream: AsyncGenerator<number>; end: () => void; closed: () => boolean } => {
    const gate = gateOf();
    let closed = false;
    async function* waiting(): AsyncGenerator<number> {
      try {
        await gate.promise;
        yield 1;
      } finally {
        closed = true;
      }
    }
    return { stream: waiting(), end: () => gate.resolve(), closed: () => closed };
  };
  const left = open();
  for await (const _ of merged([counting(9), left.stream], left.end)) break;
  expect(left.closed()).toBe(true);
  const beside = open();
  async function* failing(): AsyncGenerator<number> {
    yield 0;
    throw new Error("down");
  }
  await expect(all(merged([failing(), beside.stream], beside.end))).rejects.toThrow("down");
  expect(beside.closed()).toBe(true);
});
