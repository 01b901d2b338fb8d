/**
 * Folder of a quickstart: each seed has its own, so that looking at another one never costs a finished run.
 * @param {readonly string[]} args what came after `npm start --`
 */
export function runFolder(args) {
  const at = args.findIndex((arg) => arg === "--seed" || arg.startsWith("--seed="));
  const flag = args[at];
  if (flag === undefined) return "runs/quickstart";
  const seed = flag.includes("=") ? flag.slice("--seed=".length) : (args[at + 1] ?? "");
  return /^\d+$/.test(seed) ? `runs/quickstart-seed-${seed}` : "runs/quickstart";
}
