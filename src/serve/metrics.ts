import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Counts and times, for Prometheus. No label holds a text, a user or a token. */
export interface Metrics {
  readonly registry: Registry;
  request(route: string, status: number, seconds: number): void;
  /** Of a chat completion: until the first piece; tokens of the prompt and of all choices. */
  firstPiece(seconds: number): void;
  tokens(prompt: number, completion: number): void;
}

const SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

/** `waiting`, `running`: requests for answers now; `histories`: of the store, in memory now. */
export function makeMetrics(now: {
  readonly waiting: () => number;
  readonly running: () => number;
  readonly histories: () => number;
}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  };
  gauge("tagpr_waiting", "Requests that wait for their turn.", now.waiting);
  gauge("tagpr_running", "Requests that are being answered.", now.running);
  gauge("tagpr_histories", "Histories of the store that are in memory.", now.histories);
  const requests = new Counter({
    ...{ name: "tagpr_requests_total", help: "Requests answered, by route and HTTP status.", registers },
    labelNames: ["route", "status"],
  });
  const seconds = new Histogram({
    ...{ name: "tagpr_request_seconds", help: "From a request's arrival to its last byte.", registers },
    ...{ labelNames: ["route"], buckets: SECONDS },
  });
  const first = new Histogram({
    ...{ name: "tagpr_first_piece_seconds", help: "From a request's arrival to the first piece of its answer." },
    ...{ registers, buckets: SECONDS },
  });
  const tokens = new Counter({
    ...{ name: "tagpr_tokens_total", help: "Tokens of prompts and of completions.", registers },
    labelNames: ["kind"],
  });
  return {
    registry,
    request: (route, status, time) => {
      requests.inc({ route, status });
      seconds.observe({ route }, time);
    },
    firstPiece: (time) => first.observe(time),
    tokens: (prompt, completion) => {
      tokens.inc({ kind: "prompt" }, prompt);
      tokens.inc({ kind: "completion" }, completion);
    },
  };
}
