import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
} from "rate-limiter-flexible";
import type { Store } from "./store.ts";
import { RATES_TABLE } from "./tables.ts";

/** Requests a minute; 0: as many as there are. */
export interface RateLimits {
  /** Of one key, in whatever it asks. */
  readonly key: number;
  /** Of one user, in questions. */
  readonly user: number;
}

export interface Rates {
  /** Counts one request. Answers null where there was room for it, else the seconds until there is some. */
  readonly take: (of: keyof RateLimits, id: string) => Promise<number | null>;
}

const MINUTE = 60;

/**
 * Counts requests: in PostgreSQL over all instances; in SQLite in this process's memory. Whoever is counted stands there as a
 * hash, for an hour at most after their minute is over.
 */
export function openRates(store: Store, limits: RateLimits): Rates {
  const of = (name: keyof RateLimits): RateLimiterAbstract | null => {
    const options = { keyPrefix: name, points: limits[name], duration: MINUTE };
    if (limits[name] === 0) return null;
    if (store.pool === null) return new RateLimiterMemory(options);
    return new RateLimiterPostgres({
      ...options,
      ...{ storeClient: store.pool, storeType: "pool", tableName: RATES_TABLE, tableCreated: true },
    });
  };
  const limiters = { key: of("key"), user: of("user") };
  return {
    take: async (name, id) => {
      try {
        await limiters[name]?.consume(store.hash("rate", id));
        return null;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
        throw refused;
      }
    },
  };
}
