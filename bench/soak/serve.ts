/**
 * `npm run soak -- serve [--minutes N] [--users N] [--rate N] [--store URL] [--postgres] [--kills N]`: `tagpr serve` with a store under
 * steady load, its upstream a stub that answers at once: users are put, write items, ask, and one in fifty of them is erased and put again.
 * Memory is read every ten seconds. It fails where anything is answered wrongly, or where memory of the last third is more
 * than a tenth above that of the second. With `--kills` the server is killed (-9) so often while it answers, and started again: what it had
 * acknowledged of every user must be there; memory is not judged then, since each server begins anew.
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
    kills: { type: "string", default: "0" },
  },
});
const { minutes, users, rate, kills } = {
  ...{ minutes: Number(values.minutes), users: Number(values.users) },
  ...{ rate: Number(values.rate), kills: Number(values.kills) },
};
/** Items that a user has at most: older ones are deleted, so that what is kept stays as large as it is. */
const ITEMS = 40;
/** Requests that are sent at once before a kill. */
const UNDER_WAY = 50;

const dir = mkdtempSync(join(tmpdir(), "tagpr-soak-"));
const cluster = values.postgres ? await startPostgres() : null;
const url = values.store ?? (await cluster?.database()) ?? `sqlite:${join(dir, "s.db")}`;
const upstream = await startUpstream({ keep: false });
let server = await startInstance(url, upstream.url);
const random = stream(1, "soak");

/** What each user should have, oldest first; undefined: they were erased. */
const known = new Map<string, string[]>();
/** What was under way when the server was killed: an item that was put or deleted, or the user. It is done or not. */
const unsure = new Map<string, string>();
const faults: string[] = [];
const times: number[] = [];
const done = { put: 0, ask: 0, erase: 0, kill: 0, unsure: 0 };

function check(what: string, good: boolean, answer: unknown): void {
  if (!good && faults.length < 10) faults.push(`${what}: ${JSON.stringify(answer).slice(0, 300)}`);
}

async function act(user: string, serial: number): Promise<void> {
  const path = `/v1/users/${user}`;
  const ids = known.get(user);
  const dice = random.next();
  const change: typeof server.call = async (method, at, body) => {
    unsure.set(user, at);
    const answer = await server.call(method, at, body);
    unsure.delete(user);
    return answer;
  };
  if (ids === undefined) {
    const { status } = await change("PUT", path, {});
    check("put user", status === 201, status);
    known.set(user, []);
  } else if (dice < 0.01) {
    const { status, body } = await change("DELETE", path);
    check("erase", status === 200 && body.found && body.removed.items === ids.length, body);
    known.delete(user);
    done.erase++;
  } else if (dice < 0.5) {
    const id = `${user}-${serial}`;
    const item = { description: `${user} saw film ${serial} ${"and more ".repeat(random.int(20))}`, tag: "action" };
    const { status } = await change("PUT", `${path}/items/${id}`, item);
    check("put item", status === 201, status);
    ids.push(id);
    if (ids.length > ITEMS) {
      const old = ids[0];
      check("delete item", (await change("DELETE", `${path}/items/${old}`)).body.deleted === 1, old);
      ids.shift();
    }
    done.put++;
  } else {
    const asked = performance.now();
    const { status, body } = await server.chat(user);
    times.push(performance.now() - asked);
    const shown = body.tagpr?.shown;
    const last = shown?.items.at(-1)?.id;
    check("ask", status === 200 && shown.history === ids.length && last === ids.at(-1), body);
    done.ask++;
  }
}

/** Kills the server while it works on `UNDER_WAY` requests, starts another, and holds what there is of every user against what was acknowledged. */
async function kill(): Promise<void> {
  for (let i = 0; i < UNDER_WAY; i++) begin(`user-${random.int(users)}`);
  await sleep(random.int(60));
  killing = true;
  await server.kill();
  await Promise.all(running.splice(0));
  killing = false;
  server = await startInstance(url, upstream.url);
  done.kill++;
  for (let i = 0; i < users; i++) {
    const [user, path] = [`user-${i}`, `/v1/users/user-${i}`];
    const { status, body } = await server.call("GET", `${path}/items?limit=1000`);
    const there = status === 200 ? (body.data as { id: string }[]).map(({ id }) => id) : undefined;
    const [ids, open] = [known.get(user), unsure.get(user)];
    const sure = (some: readonly string[] = []) => some.filter((id) => open !== `${path}/items/${id}`);
    const same = JSON.stringify(sure(there)) === JSON.stringify(sure(ids));
    const alike = (there === undefined) === (ids === undefined);
    check("after a kill", open === path ? same || there === undefined : same && alike, { user, open, there, ids });
    if (there === undefined) known.delete(user);
    else known.set(user, there);
  }
  done.unsure += unsure.size;
  unsure.clear();
}

/** Resident memory of the server, MB. */
const memory = (): number => {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kb) / 1000);
};

/** One thing at a time a user; all of them together `rate` a second. */
const busy = new Set<string>();
let [serial, sampled, late, killing] = [0, 0, 0, false];
const running: Promise<void>[] = [];

function begin(user: string): void {
  if (busy.has(user)) {
    late++;
    return;
  }
  busy.add(user);
  const one = act(user, serial++)
    .catch((error: unknown) => {
      if (!killing) faults.push(String(error));
    })
    .finally(() => busy.delete(user));
  running.push(one);
  if (running.length > 1000) running.splice(0, 900);
}

const started = performance.now();
const end = started + minutes * 60_000;
const samples: number[] = [];
for (let next = started; performance.now() < end; next += 1000 / rate) {
  await sleep(Math.max(0, next - performance.now()));
  begin(`user-${random.int(users)}`);
  const share = (performance.now() - started) / (end - started);
  if (done.kill < Math.min(kills, Math.floor(share * (kills + 1)))) {
    await kill();
    next = performance.now();
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
if (faults.length > 0 || (kills === 0 && last > 1.1 * second)) process.exitCode = 1;
