import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import pg from "pg";

/** A PostgreSQL of the system's packages, run by a test on loopback. */
export interface Cluster {
  /** Makes an empty database; answers its URL. */
  readonly database: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Where PostgreSQL's programs are; null where they are not installed (Debian: `postgresql`). */
export const POSTGRES_BIN = binaries();

/** Starts a cluster in a folder of its own. PostgreSQL refuses to run as root: there it runs as `postgres`, or as nobody. */
export async function startPostgres(): Promise<Cluster> {
  if (POSTGRES_BIN === null) throw new Error("PostgreSQL is not installed");
  const dir = mkdtempSync(join(tmpdir(), "tagpr-postgres-"));
  const as = process.getuid?.() === 0 ? other() : null;
  if (as !== null) chownSync(dir, as.uid, as.gid);
  const data = join(dir, "data");
  const command = (name: string, ...args: string[]): [string, string[]] => {
    const file = join(POSTGRES_BIN ?? "", name);
    return as === null
      ? [file, args]
      : ["setpriv", [`--reuid=${as.uid}`, `--regid=${as.gid}`, "--clear-groups", file, ...args]];
  };
  const made = spawnSync(...command("initdb", "-D", data, "-U", "tagpr", "-A", "trust", "-E", "UTF8", "-N"), {
    cwd: dir,
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr.toString()}`);
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories=", "fsync=off"];
  const server = spawn(...command("postgres", "-D", data, ...settings.flatMap((setting) => ["-c", setting])), {
    ...{ cwd: dir, stdio: ["ignore", "ignore", "pipe"] },
  });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const end = (): void => void server.kill("SIGQUIT");
  process.once("exit", end);
  const url = (name: string): string => `postgres://tagpr@127.0.0.1:${port}/${name}`;
  const admin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url("postgres") });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  while (!/ready to accept connections/.test(said)) {
    if (server.exitCode !== null) throw new Error(`postgres ended: ${said}`);
    await Promise.race([ended, new Promise<void>((more) => server.stderr.once("data", () => more()))]);
  }
  let count = 0;
  return {
    database: async () => {
      const name = `store${count++}`;
      await admin(`create database ${name}`);
      return url(name);
    },
    stop: async () => {
      process.removeListener("exit", end);
      server.kill("SIGINT");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function binaries(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return places.find((place) => existsSync(join(place, "initdb")) && existsSync(join(place, "postgres"))) ?? null;
}

function other(): { readonly uid: number; readonly gid: number } {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const [, , uid, gid] = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const at = server.address();
      server.close(() => resolve(typeof at === "object" && at !== null ? at.port : 0));
    });
  });
}
