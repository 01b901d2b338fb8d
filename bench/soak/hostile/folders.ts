import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { STAGE_NAMES } from "../../../src/core/stages.ts";
import { CONFIG, tagpr } from "./command.ts";
import { hold, type Setting, type Trial } from "./trial.ts";

/** What a person may have in a folder: names that runs use too, and contents that only look like a run's. */
const PLACES = [...STAGE_NAMES, "weights", "cache", "notes"];
const FILES = ["mine.bin", "result.json", "begun.json", "stage.json", "model.safetensors", "out.json", "test.jsonl"];
const CONTENTS = ["a year of work", "{}", '{"mine": 1}', "[]", "", '{"key": 3}'];

type Tree = ReadonlyMap<string, string>;

function plant({ random, dir }: Setting, root: string): Tree {
  const tree = new Map<string, string>();
  for (const place of PLACES) if (random.next() < 0.4) mkdirSync(join(dir, root, place), { recursive: true });
  for (let i = random.int(5) + 1; i > 0; i--) {
    const inside = random.next() < 0.7 ? random.pick(PLACES) : "";
    const file = join(root, inside, random.pick(FILES));
    tree.set(file, random.pick(CONTENTS));
  }
  for (const [file, text] of tree) put(join(dir, file), text);
  return tree;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function intact(dir: string, tree: Tree, after: string): void {
  for (const [file, text] of tree) {
    let now: string | null = null;
    try {
      now = readFileSync(join(dir, file), "utf8");
    } catch {
      // Gone.
    }
    hold(now === text, `${file} of the user's was ${now === null ? "deleted" : "written over"} by ${after}`);
  }
}

/** A user's folder, with empty folders named like stages, given as --out. */
async function freshKeeps(setting: Setting): Promise<void> {
  const { random, dir } = setting;
  writeFileSync(join(dir, "own.yaml"), CONFIG);
  const tree = plant(setting, "theirs");
  const flags = random.next() < 0.5 ? ["--fresh"] : [];
  await tagpr(dir, "run", "own.yaml", "--out", "theirs", ...flags);
  intact(dir, tree, `tagpr run --out theirs ${flags.join(" ")}`);
}

/** The fault as it was found: an empty data/ passes for proof that the weights are TagPR's. */
async function emptyFolderProvesNothing({ dir, random }: Setting): Promise<void> {
  writeFileSync(join(dir, "own.yaml"), CONFIG);
  mkdirSync(join(dir, "theirs", random.pick(STAGE_NAMES)), { recursive: true });
  const tree = new Map([
    [join("theirs", "weights", "mine.bin"), "a year of work"],
    [join("theirs", "result.json"), '{"mine": 1}'],
  ]);
  for (const [file, text] of tree) put(join(dir, file), text);
  for (const flags of [[], ["--fresh"]]) {
    await tagpr(dir, "run", "own.yaml", "--out", "theirs", ...flags);
    intact(dir, tree, `tagpr run ${flags.join(" ")}`);
  }
}

/** Notes put into a finished run. */
async function notesStay({ random, dir }: Setting): Promise<void> {
  writeFileSync(join(dir, "own.yaml"), CONFIG);
  const first = await tagpr(dir, "run", "own.yaml", "--out", "run");
  hold(first.code === 0, `the run itself failed: ${first.err}`);
  const notes = new Map<string, string>();
  for (let i = random.int(4) + 1; i > 0; i--)
    notes.set(
      join("run", random.pick(STAGE_NAMES), random.pick(["notes.txt", "export.csv", "deep/er/x.md"])),
      `note ${i}`,
    );
  for (const [file, text] of notes) put(join(dir, file), text);
  const again = await tagpr(dir, "run", "run");
  hold(again.err.includes("nothing changed"), "a note made a stage stale");
  const [flags] = [random.pick([["--fresh"], ["--seed", "7"], ["--seed", "8", "--only", "data"]])];
  await tagpr(dir, "run", "run", ...flags);
  intact(dir, notes, `tagpr run ${flags.join(" ")}`);
  for (const [file] of notes) put(join(dir, file), "changed");
  hold((await tagpr(dir, "run", "run")).code === 0, "a changed note ended a run");
}

/** Without --out a run stands below runs/, whatever its name. */
async function namesStayBelow({ random, dir }: Setting): Promise<void> {
  const stand = join(dir, "a", "b");
  mkdirSync(stand, { recursive: true });
  const name = random.pick(["../../x", "../x", "..", "x/../../../y", join(dir, "z"), "a\u0000b", "./../../q"]);
  writeFileSync(join(stand, "own.yaml"), CONFIG.replace("name: own", `name: ${JSON.stringify(name)}`));
  await tagpr(stand, "run", "own.yaml");
  hold(readdirSync(dir).join() === "a", `name: ${JSON.stringify(name)} wrote ${readdirSync(dir)} outside runs/`);
  hold(readdirSync(join(dir, "a")).join() === "b", `name: ${JSON.stringify(name)} wrote beside the working folder`);
}

/** A file of golds says of which task it is; it does not say which file is read. */
async function goldsReadNothing({ random, dir }: Setting): Promise<void> {
  const secret = `secret_${random.int(1e9)}`;
  writeFileSync(join(dir, "private.yaml"), `${secret}: 1\n`);
  const task = random.pick([join(dir, "private.yaml"), "private.yaml", "./private.yaml"]);
  writeFileSync(join(dir, "golds.json"), JSON.stringify({ task, golds: [{ id: "1", output: "a" }] }));
  const { code, out, err } = await tagpr(dir, "score", "--golds", "golds.json", "--preds", "golds.json");
  hold(code !== 0, "a task that doesn't exist was scored");
  hold(!`${out}${err}`.includes(secret), "golds chose a file, and its text was shown");
}

export const FOLDERS: readonly Trial[] = [
  { point: 1, name: "an empty folder proves nothing", run: emptyFolderProvesNothing },
  { point: 1, name: "a user's folder given as --out", run: freshKeeps },
  { point: 2, name: "notes in a stage's folder", run: notesStay },
  { point: 3, name: "names that are paths", run: namesStayBelow },
  { point: 3, name: "golds that name a file", run: goldsReadNothing },
];
