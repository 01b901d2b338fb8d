/**
 * `npm run bench -- store [--items N] [--width D] [--rounds N] [--postgres] [--json]`: what it takes to find the items of one long history
 * that is kept in a store: the first time, the first time of another server, with everything in memory, and after one item was put; by the
 * clock, and of this process's processors (`cpu`), which other work on the machine does not lengthen as much. Vectors are made up, as
 * wide as MiniLM's.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stream } from "../src/core/random.ts";
import { oldestFirst } from "../src/data/dates.ts";
import { loadTask } from "../src/data/task-file.ts";
import type { ProfileItem, QueryId, UserId } from "../src/data/types.ts";
import { type Embed, type Retriever, retrieveScored } from "../src/retrieval/retrieve.ts";
import { storedHistories } from "../src/serve/stored.ts";
import { eraseUser } from "../src/store/erase.ts";
import { itemsSince, putItems } from "../src/store/items.ts";
import { openStore } from "../src/store/open.ts";
import { startPostgres } from "../src/store/testing/postgres.ts";
import { change, scopeOf } from "../src/store/user.ts";
import { putUser } from "../src/store/users.ts";

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "100000" },
    width: { type: "string", default: "384" },
    postgres: { type: "boolean", default: false },
    rounds: { type: "string", default: "41" },
    json: { type: "boolean", default: false },
  },
});
const [count, width, rounds] = [Number(values.items), Number(values.width), Number(values.rounds)];

const task = loadTask("LaMP_2");
const random = stream(1, "bench", "store");
/** Words as rare as words of running text are: the n-th as often as 1 in n. */
const word = (): string => `w${Math.floor(20_000 ** random.next())}`;
const text = (): string => Array.from({ length: 30 }, word).join(" ");
const item = (i: number): ProfileItem => ({
  id: String(i),
  date: `20${10 + Math.floor((14 * i) / count)}-01-01`,
  fields: { description: text(), tag: "comedy" },
});

const embed: Embed = async (texts) => texts.map(() => Float32Array.from({ length: width }, () => random.next() - 0.5));

const dir = mkdtempSync(join(tmpdir(), "tagpr-bench-store-"));
const cluster = values.postgres ? await startPostgres() : null;
const store = await openStore((await cluster?.database()) ?? `sqlite:${join(dir, "s.db")}`, {
  now: Date.now,
  cwd: dir,
});
const scope = scopeOf(store, "ann");
await putUser(scope, {});
await putUser(scopeOf(store, "bob"), {});

/** Milliseconds. */
interface Took {
  readonly wall: number;
  readonly cpu: number;
}

async function timed(work: () => Promise<unknown>): Promise<Took> {
  const [started, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return { wall: performance.now() - started, cpu: (user + system) / 1000 };
}

const put = await timed(async () => {
  for (let from = 0; from < count; from += 1000) {
    const items = Array.from({ length: Math.min(1000, count - from) }, (_, i) => item(from + i));
    await change(scope, (made) => putItems(made, task.name, items, 1));
  }
});

const quantile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.round(share * (times.length - 1))] ?? 0;
const rounded = (ms: number): number => Number(ms.toPrecision(3));
const rows: Record<string, Record<string, number>> = {};
const say = (name: string, took: readonly Took[]): void => {
  const [wall, cpu] = [took.map((one) => one.wall), took.map((one) => one.cpu)];
  const row = { times: took.length, wall_p50: quantile(wall, 0.5), wall_p95: quantile(wall, 0.95) };
  const all = { ...row, cpu_p50: quantile(cpu, 0.5), cpu_p95: quantile(cpu, 0.95) };
  rows[name] = Object.fromEntries(Object.entries(all).map(([key, ms]) => [key, rounded(ms)]));
};
async function repeated(times: number, work: () => Promise<unknown>, before?: () => Promise<unknown>): Promise<Took[]> {
  const took: Took[] = [];
  for (let i = 0; i < times; i++) {
    await before?.();
    took.push(await timed(work));
  }
  return took;
}

let added = count;
for (const method of ["recency", "bm25", "dense"] as const satisfies Retriever[]) {
  const asking = () => {
    const histories = storedHistories(2 ** 30);
    return async (): Promise<void> => {
      const history = await histories.of(scope, task, "made up");
      const question = {
        ...{ task: task.name, id: "q" as QueryId, user: "ann" as UserId, gold: null },
        input: `Which tag does this movie relate to? description: ${text()}`,
      };
      await history.find(task, question, { method, k: 8, seed: 0, embed });
    };
  };
  say(`${method}, first`, [await timed(asking())]);
  const ask = asking();
  // Vectors are kept: another server reads them.
  say(`${method}, first of another server`, [await timed(ask)]);
  say(method, await repeated(rounds, ask));
  const one = () => change(scope, (made) => putItems(made, task.name, [item(added++)], 1));
  say(`${method}, an item was put`, await repeated(rounds, ask, one));
}
// As every question would take it without an index: all items read, and BM25 of all of them.
const profile = oldestFirst(await itemsSince(scope, task.name, 0));
const plain = { task: task.name, id: "q" as QueryId, user: null, gold: null, input: text(), profile };
say("bm25, without an index", [await timed(() => retrieveScored(task, plain, { method: "bm25", k: 8, seed: 0 }))]);

const bytes = store.path === null ? Number.NaN : statSync(store.path).size;
const erase = await timed(() => eraseUser(scopeOf(store, "bob")));
const out = {
  machine: cpus()[0]?.model ?? "",
  items: count,
  width,
  store: store.kind,
  put,
  bytes,
  erase,
  ms: rows,
};
if (values.json) console.log(JSON.stringify(out));
else {
  console.log(`${count} items of one user in ${store.kind}, vectors of ${width}; ms; ${out.machine}`);
  console.table(rows);
  console.log(
    `put: ${Math.round(put.wall)} ms; database: ${Math.round(bytes / 1e6)} MB; another user erased: ${Math.round(erase.wall)} ms`,
  );
}
await store.close();
await cluster?.stop();
rmSync(dir, { recursive: true, force: true });
