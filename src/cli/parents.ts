import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process as the system lists it. */
export interface Listed {
  readonly parent: number;
  readonly command: string;
}

/** How far above a command npm may stand: npm → sh → node scripts/start.mjs → node. */
const LEVELS = 4;
const NPM = /^(npm|npx)( |$)|[/\\]np[mx](-cli\.c?js)?( |$)/;

/** The npm or npx that a process was started by, through shells and scripts; null where it was started otherwise. */
export function npmAbove(pid: number, look: (pid: number) => Listed | null): number | null {
  let at = look(pid)?.parent ?? 0;
  for (let level = 0; level < LEVELS && at > 1; level++) {
    const listed = look(at);
    if (listed === null) return null;
    if (NPM.test(listed.command)) return at;
    at = listed.parent;
  }
  return null;
}

/** A process by the system's own list; null where it is gone or the system has no such list. */
export function look(pid: number): Listed | null {
  try {
    // The name in parentheses may hold spaces and parentheses; what follows the last one has neither.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    return { parent, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() };
  } catch {
    if (process.platform !== "darwin") return null;
    const { stdout } = spawnSync("ps", ["-o", "ppid=,command=", "-p", String(pid)], { encoding: "utf8" });
    const found = /^ *(\d+) +(.*)$/m.exec(stdout ?? "");
    return found === null ? null : { parent: Number(found[1]), command: found[2] ?? "" };
  }
}

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/**
 * npm and npx, ended by SIGTERM, leave what they started running. So a command that one of them started looks once a
 * second whether it is still there, and stops as at SIGTERM where it is not. Started otherwise (a shell, nohup, a
 * service), a command outlives its parent as any program does.
 */
export function stopWithNpm(env: Readonly<Record<string, string | undefined>>, stop: () => void): void {
  if (env.npm_command === undefined) return;
  const npm = npmAbove(process.pid, look);
  if (npm === null) return;
  const timer = setInterval(() => {
    if (isThere(npm)) return;
    clearInterval(timer);
    stop();
  }, 1000);
  timer.unref();
}
