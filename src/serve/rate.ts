import type { RateLimits } from "../store/rates.ts";
import { Refused } from "./refusal.ts";
import type { Service } from "./service.ts";

/** What a server with a store allows, where its command line says nothing else. */
export const RATE_LIMITS: RateLimits = { key: 3000, user: 60 };

const WHAT: Readonly<Record<keyof RateLimits, string>> = {
  key: "this key has sent as many requests as it may in a minute",
  user: "this user has asked as many questions as they may in a minute",
};

/** Counts one request of a key, or one question of a user. @throws Refused where there was no room for it */
export async function checkRate({ rates }: Pick<Service, "rates">, of: keyof RateLimits, id: string): Promise<void> {
  const seconds = await rates?.take(of, id);
  if (seconds == null) return;
  throw new Refused({
    status: 429,
    code: "rate_limit_exceeded",
    message: `${WHAT[of]}: try again later`,
    retryAfter: seconds,
  });
}
