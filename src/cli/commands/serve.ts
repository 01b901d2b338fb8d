import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { Command, Option } from "@commander-js/extra-typings";
import { pino } from "pino";
import { monotonic } from "../../core/awake.ts";
import { TagprError } from "../../core/errors.ts";
import { LIMITS } from "../../serve/limits.ts";
import { RATE_LIMITS } from "../../serve/rate.ts";
import type { Embedding, Service } from "../../serve/service.ts";
import { type Server, startServer } from "../../serve/start.ts";
import { readUsers } from "../../serve/users.ts";
import { warm } from "../../serve/warm.ts";
import { openStore, STORE_FORMS, type Store } from "../../store/open.ts";
import { openRates, type Rates } from "../../store/rates.ts";
import { type Answering, FLAGS, MODEL_HELP, openAnswering } from "../answering.ts";
import type { App } from "../app.ts";
import { modelDir } from "../engines.ts";
import type { Io } from "../io.ts";
import { untilSignal } from "../signal.ts";
import { STORE, storeUrl } from "../stores.ts";
import { openUpstream } from "../upstream.ts";
import { at, portNumber, wholeNumber } from "./options.ts";

/** `tagpr serve MODEL`. */
export function serveCommand(app: App): Command {
  const { io } = app;
  const command = new Command("serve")
    .description("answer through OpenAI's API on 127.0.0.1 until Ctrl-C, with a page to try it (docs/serving.md)")
    .argument("<model>", MODEL_HELP)
    .addOption(FLAGS.task)
    .addOption(FLAGS.stage)
    .addOption(new Option("--port <n>", "port; 0 takes any free one").argParser(portNumber).default(8080))
    .option("--data <dir>", "a folder in LaMP's layout, or a run: clients name its users instead of sending histories")
    .addOption(STORE)
    .option(
      "--tombstones <file>",
      "where it stands who was erased, so that no backup of the store brings them back (default: PATH.erased beside an SQLite file)",
    )
    .option("--token <token>", "what clients send; better set as TAGPR_SERVE_TOKEN, which no list of processes shows")
    .addOption(
      new Option("--key-limit <n>", "with --store: requests a minute of one key, over all instances; 0: no limit")
        .argParser(wholeNumber)
        .default(RATE_LIMITS.key),
    )
    .addOption(
      new Option("--user-limit <n>", "with --store: questions a minute of one user, over all instances; 0: no limit")
        .argParser(wholeNumber)
        .default(RATE_LIMITS.user),
    )
    .addOption(FLAGS.retriever)
    .addOption(FLAGS.k)
    .addOption(FLAGS.device)
    .addOption(FLAGS.dtype)
    .addOption(FLAGS.threads)
    .addOption(FLAGS.download)
    .option(
      "--upstream <url>",
      "sample elsewhere: a completion server of OpenAI's API (vLLM, SGLang, llama.cpp) on the same folder",
    )
    .option("--upstream-model <name>", "by which name it knows the model (default: the only one that it serves)")
    .option("--upstream-key-env <name>", "environment variable that holds its key", "TAGPR_UPSTREAM_KEY")
    .action(async (model, { port, data, store: url, tombstones, token: given, keyLimit, userLimit, ...flags }) => {
      const token = given ?? (io.env.TAGPR_SERVE_TOKEN || undefined);
      const store = await storeOf(io, storeUrl(io, url), data, tombstones);
      try {
        const answering = await openAnswering(app, model, flags, "may", await openUpstream(io, flags));
        const rates = store === null ? null : openRates(store, { key: keyLimit, user: userLimit });
        if (answering !== null) await serve(app, answering, { port, data, store, rates, token });
      } finally {
        await store?.close();
      }
    });
  return command as unknown as Command;
}

/** Serves until a signal comes. */
async function serve({ io, outcome }: App, answering: Answering, wanted: Wanted): Promise<void> {
  try {
    const stopped = await untilSignal(io, async (signal) => {
      const { server, address } = await start(io, answering, wanted, signal);
      io.out(`ready ${address}\n`);
      await ended(signal);
      await stop(io, server);
    });
    if (stopped !== null) outcome.code = stopped;
  } finally {
    await answering.close();
  }
}

interface Wanted {
  readonly port: number;
  readonly data: string | undefined;
  readonly store: Store | null;
  readonly rates: Rates | null;
  /** Undefined: one is made, and stands in the address that is printed. */
  readonly token: string | undefined;
}

async function start(
  io: Io,
  answering: Answering,
  { port, data, store, rates, token }: Wanted,
  signal: AbortSignal,
): Promise<{ readonly server: Server; readonly address: string }> {
  const { askers } = answering;
  const tasks = [...askers.values()].flatMap(({ model }) => model.tasks);
  const known = data === undefined ? null : await readUsers(at(io, data), tasks);
  if (known !== null) io.err(`${known.count} users of ${data}\n`);
  // A client that names a stranger is told of no one else.
  const users = known === null ? null : { ...known, some: [] };
  // What can't be asked is known before anyone is told that it can.
  for (const tools of askers.values()) await warm(tools, signal);
  const own = token ?? randomBytes(24).toString("base64url");
  const server = await startServer(
    { ...world(io), askers, users, store, rates, token: own, embeddings: await embeddingOf(io, answering) },
    port,
  );
  return { server, address: token === undefined ? `${server.url}/#token=${own}` : server.url };
}

/** @throws TagprError where a folder of data is given too, or the store can't be opened */
async function storeOf(
  io: Io,
  url: string | undefined,
  data: string | undefined,
  tombstones: string | undefined,
): Promise<Store | null> {
  if (url === undefined && tombstones !== undefined)
    throw new TagprError("usage", "--tombstones is of a store, and there is none", {
      hint: `Give --store ${STORE_FORMS}.`,
    });
  if (url === undefined) return null;
  if (data !== undefined)
    throw new TagprError("usage", "--store and --data both say where users are", {
      hint: "Give one. What a folder holds can be put into a store through the API (docs/serving.md).",
    });
  const store = await openStore(url, { now: Date.now, cwd: io.cwd, tombstones });
  if (store.erasedAgain > 0)
    io.err(`${store.erasedAgain} erased users came back, from a backup, and were erased again.\n`);
  return store;
}

/** What a server needs of the world around it. */
const world = (
  io: Io,
): Omit<
  Service,
  "askers" | "users" | "store" | "rates" | "token" | "embeddings" | "queue" | "metrics" | "stopping" | "histories"
> => ({
  limits: LIMITS,
  log: pino({ base: null }, { write: io.err }),
  now: monotonic,
  today: () => new Date(),
  uuid: randomUUID,
  drawSeed: () => randomInt(2 ** 31),
  deadline: (ms) => AbortSignal.timeout(ms),
  repeat: (tick, ms) => {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
});

/** The embedding model of a dense retriever, where it is here and an engine of ours computes it. */
async function embeddingOf(io: Io, { askers, engines }: Answering): Promise<Embedding | null> {
  const [first] = askers.values();
  const { embeddings, embeddings_model: model = "" } = first?.model.config.engines ?? {};
  if (embeddings?.kind !== "embedded" || model === "") return null;
  if ((await modelDir(io, model).catch(() => null)) === null) return null;
  return {
    model,
    embed: async (texts) => {
      let tokens = 0;
      const told = (read: number): void => {
        tokens += read;
      };
      return { vectors: await (await engines.embeddings()).embed(model, texts, told), tokens };
    },
  };
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Waits for what is being answered; a second signal does not. */
async function stop(io: Io, server: Server): Promise<void> {
  io.err(`Stopping: waits up to ${LIMITS.grace / 1000} s for what is being answered. Once more ends it at once.\n`);
  const unlisten = io.onStop(() => void server.close());
  const left = await server.stop().finally(unlisten);
  if (left > 0) io.err(`${left} requests were cut off.\n`);
}
