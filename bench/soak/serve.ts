/**
 * `npm run soak -- serve [--minutes N] [--users N] [--rate N] [--store URL] [--postgres]`: `tagpr serve` with a store under steady load,
 * its upstream a stub that answers at once: users are put, write items, ask, and one in fifty of them is erased and put again.
 * Memory is read every ten seconds. It fails where anything is answered wrongly, or where memory of the last third is more
 * than a tenth above that of the second.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stream } from "../../src/core/random.ts";
import { startInstance } from "../../src/serve/testing/instance.ts";
import { startUpstream } from "../../src/serve/testing/upstream-server.ts";
import { startPostgres } from "../../src/store/testing/postgres.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    users: { type: "string", default: "200" },
    rate: { type: "string", default: "20" },
    store: { type: "string" },
    postgres: { type: "boolean", default: false },
  },
});
const [minutes, users, rate] = [Number(values.minutes), Number(values.users), Number(values.rate)];
/** Items that a user has at most: older ones are deleted, so that what is kept stays as large as it is. */
const ITEMS = 40;

const dir = mkdtempSync(join(tmpdir(), "tagpr-soak-"));
const cluster = values.postgres ? await startPostgres() : null;
const url = values.store ?? (await cluster?.database()) ?? `sqlite:${join(dir, "s.db")}`;
const upstream = await startUpstream({ keep: false });
const server = await startInstance(url, upstream.url);
const random = stream(1, "soak");

/** What each user should have, oldest first; undefined: they were erased. */
const known = new Map<string, string[]>();
const faults: string[] = [];
const times: number[] = [];
const done = { put: 0, ask: 0, erase: 0 };

function check(what: string, good: boolean, answer: unknown): void {
  if (!good && faults.length < 10) faults.push(`${what}: ${JSON.stringify(answer).slice(0, 300)}`);
}

async function act(user: string, serial: number): Promise<void> {
  const path = `/v1/users/${user}`;
  const ids = known.get(user);
  const dice = random.next();
  if (ids === undefined) {
    const { status } = await server.call("PUT", path, {});
    check("put user", status === 201, status);
    known.set(user, []);
  } else if (dice < 0.01) {
    const { status, body } = await server.call("DELETE", path);
    check("erase", status === 200 && body.found && body.removed.items === ids.length, body);
    known.delete(user);
    done.erase++;
  } else if (dice < 0.5) {
    const id = `${user}-${serial}`;
    const item = { description: `${user} saw film ${serial} ${"and more ".repeat(random.int(20))}`, tag: "action" };
    const { status } = await server.call("PUT", `${path}/items/${id}`, item);
    check("put item", status === 201, status);
    ids.push(id);
    if (ids.length > ITEMS) {
      const old = ids.shift();
      check("delete item", (await server.call("DELETE", `${path}/items/${old}`)).body.deleted === 1, old);
    }
    done.put++;
  } else {
    const started = performance.now();
    const { status, body } = await server.chat(user);
    times.push(performance.now() - started);
    const shown = body.tagpr?.shown;
    const last = shown?.items.at(-1)?.id;
    check("ask", status === 200 && shown.history === ids.length && last === ids.at(-1), body);
    done.ask++;
  }
}

/** Resident memory of the server, MB. */
const memory = (): number => {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kb) / 1000);
};

const end = performance.now() + minutes * 60_000;
const samples: number[] = [];
/** One thing at a time a user; all of them together `rate` a second. */
const busy = new Set<string>();
let [serial, sampled, late] = [0, 0, 0];
const running: Promise<void>[] = [];
for (let next = performance.now(); performance.now() < end; next += 1000 / rate) {
  await sleep(Math.max(0, next - performance.now()));
  const user = `user-${random.int(users)}`;
  if (busy.has(user)) late++;
  else {
    busy.add(user);
    const one = act(user, serial++)
      .catch((error: unknown) => void faults.push(String(error)))
      .finally(() => busy.delete(user));
    running.push(one);
    if (running.length > 1000) running.splice(0, 900);
  }
  if (performance.now() - sampled > 10_000) {
    sampled = performance.now();
    samples.push(memory());
    if (samples.length % 6 === 1)
      console.log(`${(samples.length / 6) | 0} min: ${samples.at(-1)} MB, ${JSON.stringify(done)}`);
  }
}
await Promise.all(running);
await server.stop();
await upstream.close();
await cluster?.stop();
rmSync(dir, { recursive: true, force: true });

const third = Math.floor(samples.length / 3);
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
const [second, last] = [mean(samples.slice(third, 2 * third)), mean(samples.slice(2 * third))];
times.sort((a, b) => a - b);
const quantile = (share: number): number => Math.round(times[Math.floor(share * (times.length - 1))] ?? 0);
console.log(
  JSON.stringify({
    ...{ minutes, rate, users, ...done, late, faults },
    memory_mb: { second_third: Math.round(second), last_third: Math.round(last), most: Math.max(...samples) },
    ask_ms: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
  }),
);
if (faults.length > 0 || last > 1.1 * second) process.exitCode = 1;
