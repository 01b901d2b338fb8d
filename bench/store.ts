/**
 * `npm run bench -- store [--items N] [--width D] [--postgres] [--clock wall|cpu] [--json]`: what it takes to find the items of one long history that is
 * kept in a store: the first time, with everything in memory, and after one item was put. Vectors are made up, as wide as MiniLM's.
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
    clock: { type: "string", default: "wall" },
    json: { type: "boolean", default: false },
  },
});
const [count, width] = [Number(values.items), Number(values.width)];

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

/** Milliseconds, by the clock or of this process's processors. */
async function timed<T>(work: () => Promise<T>): Promise<number> {
  const [started, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return values.clock === "cpu" ? (user + system) / 1000 : performance.now() - started;
}

const put = await timed(async () => {
  for (let from = 0; from < count; from += 1000) {
    const items = Array.from({ length: Math.min(1000, count - from) }, (_, i) => item(from + i));
    await change(scope, (made) => putItems(made, task.name, items, 1));
  }
});

const ROUNDS = 21;
const rows: Record<string, Record<string, number>> = {};
const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
for (const method of ["recency", "bm25", "dense"] as const satisfies Retriever[]) {
  const histories = storedHistories(2 ** 30);
  const ask = async (): Promise<void> => {
    const history = await histories.of(scope, task, "made up");
    const question = {
      ...{ task: task.name, id: "q" as QueryId, user: "ann" as UserId, gold: null },
      input: `Which tag does this movie relate to? description: ${text()}`,
    };
    await history.find(task, question, { method, k: 8, seed: 0, embed });
  };
  const first = await timed(ask);
  const warm: number[] = [];
  for (let i = 0; i < ROUNDS; i++) warm.push(await timed(ask));
  const changed: number[] = [];
  for (let i = 0; i < 5; i++) {
    await change(scope, (made) => putItems(made, task.name, [item(count + i)], 1));
    changed.push(await timed(ask));
  }
  // As every question would take it without an index: all items read, and BM25 of all of them.
  const plain =
    method === "bm25"
      ? await timed(async () => {
          const items = oldestFirst(await itemsSince(scope, task.name, 0));
          const example = {
            task: task.name,
            id: "q" as QueryId,
            user: null,
            gold: null,
            input: text(),
            profile: items,
          };
          await retrieveScored(task, example, { method, k: 8, seed: 0 });
        })
      : Number.NaN;
  rows[method] = { first, warm: median(warm), slowest: Math.max(...warm), changed: median(changed), plain };
}
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
  clock: values.clock,
  ms: rows,
};
if (values.json) console.log(JSON.stringify(out));
else {
  console.log(`${count} items of one user in ${store.kind}, vectors of ${width}; ms (${values.clock}); ${out.machine}`);
  console.table(rows);
  console.log(
    `put: ${Math.round(put)} ms; database: ${Math.round(bytes / 1e6)} MB; another user erased: ${Math.round(erase)} ms`,
  );
}
await store.close();
await cluster?.stop();
rmSync(dir, { recursive: true, force: true });
