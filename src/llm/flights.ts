import { TagprError } from "../core/errors.ts";

/** Requests on their way: each may be paid for already, so a stop waits for them a while. */
export interface Flights {
  readonly count: () => number;
  /**
   * Runs one request, to the keeping of what it brought.
   * @throws TagprError `llm` where a stop has begun: nothing new is asked for then
   */
  fly<T>(request: () => Promise<T>): Promise<T>;
  /** Nothing new from here on; resolves with the number that is still out when all have come in, or after `patience` resolves. */
  stop(patience: Promise<unknown>): Promise<number>;
}

export function makeFlights(): Flights {
  const out = new Set<Promise<unknown>>();
  let stopping = false;
  return {
    count: () => out.size,
    fly: (request) => {
      if (stopping) return Promise.reject(new TagprError("llm", "stopped before all was asked"));
      const flight = request();
      out.add(flight);
      const land = (): boolean => out.delete(flight);
      flight.then(land, land);
      return flight;
    },
    stop: async (patience) => {
      stopping = true;
      await Promise.race([Promise.allSettled(out), patience]);
      // Who waited for what has just come in keeps it now, before anything ends.
      await new Promise((resolve) => setImmediate(resolve));
      return out.size;
    },
  };
}
