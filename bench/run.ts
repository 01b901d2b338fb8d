/** `npm run bench -- W5 [options]`: one measurement against its peer, side by side. Without a name, says what there is. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const BENCHES: Readonly<Record<string, string>> = {
  W5: "ROUGE and BM25 against rouge_score and rank_bm25",
  W6: "reading a LaMP-4 train file of full size",
};

const [name = "", ...rest] = process.argv.slice(2);
if (name.toUpperCase() in BENCHES) {
  const file = fileURLToPath(new URL(`./${name.toLowerCase()}.ts`, import.meta.url));
  process.exitCode = spawnSync(process.execPath, ["--import", "tsx", file, ...rest], { stdio: "inherit" }).status ?? 1;
} else {
  const list = Object.entries(BENCHES).map(([key, what]) => `  ${key}  ${what}`);
  console.error(`Which measurement?\n${list.join("\n")}`);
  process.exitCode = 2;
}
