import PQueue from "p-queue";
import { applyTombstones } from "../store/erase.ts";
import { storeLost } from "../store/fault.ts";
import { makeApp } from "./app.ts";
import { listen } from "./listen.ts";
import { makeMetrics } from "./metrics.ts";
import { stopped } from "./refusal.ts";
import type { Service } from "./service.ts";
import { storedHistories } from "./stored.ts";

export interface Server {
  readonly url: string;
  /** Takes nothing new, waits up to `limits.grace` for what is being answered, and ends the rest. Answers how many that were. */
  stop(): Promise<number>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

/** Serves on loopback until it is stopped. */
export async function startServer(
  parts: Omit<Service, "queue" | "metrics" | "stopping" | "histories">,
  port: number,
): Promise<Server> {
  const { limits, deadline } = parts;
  const queue = new PQueue({ concurrency: limits.running });
  const [begun, over] = [new AbortController(), new AbortController()];
  const histories = storedHistories(limits.histories);
  const service: Service = {
    ...{ ...parts, queue, histories },
    metrics: makeMetrics({ waiting: () => queue.size, running: () => queue.pending, histories: histories.held }),
    stopping: { begun: begun.signal, over: over.signal },
  };
  const { url, stopTaking, close } = await listen(makeApp(service).fetch, port);
  const stopSweeping = sweeping(service);
  return {
    url,
    stop: async () => {
      begun.abort();
      stopSweeping();
      stopTaking();
      const patience = deadline(limits.grace);
      await Promise.race([
        queue.onIdle(),
        new Promise((done) => patience.addEventListener("abort", done, { once: true })),
      ]);
      const left = queue.pending + queue.size;
      over.abort(stopped());
      // What was cut off is told so before its connection ends.
      await queue.onIdle();
      await close(limits.goodbye);
      return left;
    },
    close: async () => {
      stopSweeping();
      over.abort(stopped());
      await close();
    },
  };
}

/** Erasures of other instances reach this one's memory and its file of tombstones; whoever came back with a backup is erased again. */
function sweeping({ store, histories, repeat, limits, log }: Service): () => void {
  if (store === null) return () => {};
  let busy = false;
  const sweep = async (): Promise<void> => {
    const again = await applyTombstones(store);
    if (again > 0) log.warn({ users: again }, "erased again");
    await histories.sweep();
  };
  return repeat(() => {
    if (busy) return;
    busy = true;
    sweep()
      .catch((error: unknown) => log.error({ lost: storeLost(error) }, "sweep"))
      .finally(() => {
        busy = false;
      });
  }, limits.sweep);
}
