import { TagprError } from "../core/errors.ts";

/** Requests on their way: each may be paid for already, so a stop waits for them a while. */
export interface Flights {
  readonly count: () => number;
  /**
   * Runs one request, to the keeping of what it brought.
   * @throws TagprError `llm` where a stop has begun, or where all is spent: nothing new is asked for then
   */
  fly<T>(request: () => Promise<T>): Promise<T>;
  /** Dollars of an answer that has just come; what was kept before costs nothing again. */
  paid(dollars: number): void;
  /** Nothing new from here on; resolves with the number that is still out when all have come in, or after `patience` resolves. */
  stop(patience: Promise<unknown>): Promise<number>;
}

/** `most`: dollars after which nothing more is asked for; what is on its way then still comes, and is paid. */
export function makeFlights(most = Number.POSITIVE_INFINITY): Flights {
  const out = new Set<Promise<unknown>>();
  let stopping = false;
  let spent = 0;
  return {
    count: () => out.size,
    fly: (request) => {
      if (stopping) return Promise.reject(new TagprError("llm", "stopped before all was asked"));
      if (spent >= most) return Promise.reject(allSpent(spent, most));
      const flight = request();
      out.add(flight);
      const land = (): boolean => out.delete(flight);
      flight.then(land, land);
      return flight;
    },
    paid: (dollars) => {
      spent += dollars;
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

const allSpent = (spent: number, most: number): TagprError =>
  new TagprError("llm", `$${spent.toFixed(4)} are spent, and this command may spend $${most} (--max-cost)`, {
    hint: "What was paid for is kept: the same command goes on from there, with as much again or another --max-cost.",
  });
