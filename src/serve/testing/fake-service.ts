import { join } from "node:path";
import PQueue from "p-queue";
import { packageRoot } from "../../core/installation.ts";
import { type OpenedModel, openModel } from "../../model/open.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import type { Store } from "../../store/open.ts";
import type { Rates } from "../../store/rates.ts";
import type { AnswerTools } from "../answer.ts";
import type { Compute, ComputeRequest, Delta } from "../compute.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { makeMetrics } from "../metrics.ts";
import type { Service } from "../service.ts";
import { storedHistories } from "../stored.ts";
import type { Users } from "../users.ts";

/** Says given texts in pieces of a few characters, each a token. */
export interface FakeCompute extends Compute {
  readonly requests: ComputeRequest[];
  /** How many answers were begun and left before their end. */
  readonly left: () => number;
}

export interface FakeOptions {
  /** The text of each choice. */
  readonly say?: (request: ComputeRequest, choice: number) => string;
  /** Characters a piece. */
  readonly piece?: number;
  /** Waited for before every piece after the first. */
  readonly before?: (signal: AbortSignal) => Promise<void>;
  readonly finish?: "stop" | "length";
}

export const CHAIN =
  "<think>\n<examine_examples>[1] is comedy</examine_examples>\n<make_decision>so comedy</make_decision>\n</think>\n\ncomedy";

export function fakeCompute({ say = () => CHAIN, piece = 3, before, finish = "stop" }: FakeOptions = {}): FakeCompute {
  const requests: ComputeRequest[] = [];
  let left = 0;
  async function* speak(request: ComputeRequest, signal: AbortSignal): AsyncGenerator<Delta> {
    requests.push(request);
    let ended = false;
    try {
      const texts = Array.from({ length: request.n }, (_, i) => say(request, i));
      const most = Math.max(...texts.map((text) => text.length));
      for (let at = 0; at < most; at += piece)
        for (const [choice, text] of texts.entries()) {
          signal.throwIfAborted();
          if (at > 0) await before?.(signal);
          if (at >= text.length) continue;
          const last = at + piece >= text.length;
          ended = last && choice === texts.length - 1;
          yield { choice, text: text.slice(at, at + piece), tokens: 1, finish: last ? finish : null };
        }
    } finally {
      if (!ended) left++;
    }
  }
  return { complete: speak, close: async () => {}, requests, left: () => left };
}

export const NANO = join(packageRoot(), "models", "nano");

export const openNano = (): Promise<OpenedModel> =>
  openModel(NANO, { modelDir: async (name) => name, task: "synthetic_tag" });

export async function fakeTools(compute: Compute = fakeCompute()): Promise<AnswerTools> {
  const model = await openNano();
  return { model, renderer: loadRenderer(model.modelDir), compute };
}

export const TOKEN = "a-token";

export interface FakeServiceOptions {
  readonly compute?: Compute;
  readonly users?: Users | null;
  readonly store?: Store | null;
  readonly rates?: Rates | null;
  readonly limits?: Partial<Limits>;
  readonly deadline?: (ms: number) => AbortSignal;
}

export interface FakeService {
  readonly service: Service;
  /** Lines of the log. */
  readonly logged: Record<string, unknown>[];
  /** Begins the stop, then ends it. */
  readonly stop: AbortController;
  readonly over: AbortController;
}

export async function fakeService(options: FakeServiceOptions = {}): Promise<FakeService> {
  const {
    compute = fakeCompute(),
    users = null,
    store = null,
    rates = null,
    deadline = () => new AbortController().signal,
  } = options;
  const tools = await fakeTools(compute);
  const limits = { ...LIMITS, ...options.limits };
  const queue = new PQueue({ concurrency: limits.running });
  const histories = storedHistories(limits.histories);
  const logged: Record<string, unknown>[] = [];
  const write = (line: unknown, message?: string): void => void logged.push({ ...(line as object), message });
  const [stop, over] = [new AbortController(), new AbortController()];
  let [clock, ids] = [0, 0];
  const service: Service = {
    askers: new Map([
      ["nano", tools],
      ["nano-base", tools],
    ]),
    ...{ users, store, rates, histories, limits, queue, deadline, token: TOKEN },
    embeddings: {
      model: "mini",
      embed: async (texts) => ({
        vectors: texts.map((text) => [text.length, 0.5]),
        tokens: texts.flatMap((text) => text.split(" ")).length,
      }),
    },
    log: { info: write, warn: write, error: write },
    metrics: makeMetrics({ waiting: () => queue.size, running: () => queue.pending, histories: histories.held }),
    stopping: { begun: stop.signal, over: over.signal },
    now: () => (clock += 10),
    today: () => new Date(0),
    uuid: () => `id-${ids++}`,
    drawSeed: () => 7,
    repeat: () => () => {},
  };
  return { service, logged, stop, over };
}
