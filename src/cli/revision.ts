import { spawnSync } from "node:child_process";

/** Git revision of the checkout, with `+` where tracked files were changed; null outside one. */
export function revision(root: string): string | null {
  const git = (...args: string[]) => spawnSync("git", ["-C", root, ...args], { encoding: "utf8" });
  const head = git("rev-parse", "HEAD");
  if (head.status !== 0) return null;
  return head.stdout.trim() + (git("status", "--porcelain", "--untracked-files=no").stdout.trim() === "" ? "" : "+");
}
