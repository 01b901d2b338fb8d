/** `npm run soak -- cookbook|kills|hostile|serve [options]`: long tests of endurance, which `npm test` has no time for. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const SOAKS: Readonly<Record<string, string>> = {
  cookbook: "tinker-cookbook's recipes, unmodified, against the embedded engine",
  kills:
    "kill -9 of command line, engine or both at random moments of whole runs: the bytes must be those of a run left alone; and of a process that asks a paid endpoint: nothing that came is lost",
  serve:
    "tagpr serve with a store under steady load: memory stays flat, every answer is right; with --kills, killed (-9) meanwhile, it has lost nothing that it acknowledged (--minutes, --users, --rate, --store, --postgres)",
  hostile:
    "hostile files, configs, folders, servers and requests, each against one promise of docs/security.md; a seed brings a fault back",
};

const [name = "", ...rest] = process.argv.slice(2);
if (name in SOAKS) {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  process.exitCode = spawnSync(process.execPath, ["--import", "tsx", file, ...rest], { stdio: "inherit" }).status ?? 1;
} else {
  console.error(
    `Which one?\n${Object.entries(SOAKS)
      .map(([key, what]) => `  ${key}  ${what}`)
      .join("\n")}`,
  );
  process.exitCode = 2;
}
