/**
 * What several streams bring, each as soon as it is there. A failure of one is a failure of all. `end` is called in the end,
 * also of a caller that leaves early: it has to end what the streams wait for.
 */
export async function* merged<T>(streams: readonly AsyncGenerator<T>[], end: () => void): AsyncGenerator<T> {
  const step = async (stream: AsyncGenerator<T>) => ({ stream, result: await stream.next() });
  const pending = new Map(streams.map((stream) => [stream, step(stream)]));
  try {
    while (pending.size > 0) {
      const { stream, result } = await Promise.race(pending.values());
      if (result.done === true) pending.delete(stream);
      else {
        pending.set(stream, step(stream));
        yield result.value;
      }
    }
  } finally {
    end();
    await Promise.allSettled([...pending.values()]);
    await Promise.allSettled(streams.map((stream) => stream.return(undefined)));
  }
}
