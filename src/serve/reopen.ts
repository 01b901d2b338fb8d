import { TagprError } from "../core/errors.ts";
import type { Compute, Delta } from "./compute.ts";

/** A compute that is opened when it is first asked, and again after it was lost: the next question finds another. */
export function reopening(open: () => Promise<Compute>): Compute {
  let opened: Promise<Compute> | undefined;
  const current = (): Promise<Compute> => {
    const one = opened ?? open();
    opened = one;
    one.catch(() => drop(one));
    return one;
  };
  const drop = (one: Promise<Compute>): void => {
    if (opened === one) opened = undefined;
  };
  return {
    complete: async function* (request, signal): AsyncGenerator<Delta> {
      const one = current();
      const compute = await one;
      try {
        yield* compute.complete(request, signal);
      } catch (error) {
        if (error instanceof TagprError && error.code === "engine_lost") drop(one);
        throw error;
      }
    },
    close: async () => {
      const one = opened;
      opened = undefined;
      await one?.then(
        (compute) => compute.close(),
        () => undefined,
      );
    },
  };
}
