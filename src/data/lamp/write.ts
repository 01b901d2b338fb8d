import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { guardDisk, writeAtomic } from "../../core/jsonl.ts";
import type { Task } from "../task.ts";
import type { Example } from "../types.ts";

/**
 * Writes one split in LaMP's layout, `{split}_questions.json` and (unless no example has a gold) `{split}_outputs.json`,
 * each complete or not at all. Questions are streamed, so a split may be larger than memory.
 */
export async function writeLamp(
  dir: string,
  split: string,
  task: Task,
  examples: AsyncIterable<Example> | Iterable<Example>,
): Promise<number> {
  guardDisk(dir, () => mkdirSync(dir, { recursive: true }));
  const path = join(dir, `${split}_questions.json`);
  const golds: { id: string; output: string }[] = [];
  let n = 0;
  const file = guardDisk(path, () => openSync(`${path}.part`, "w"));
  try {
    for await (const example of examples) {
      guardDisk(path, () => writeSync(file, `${n === 0 ? "[" : ",\n"}${JSON.stringify(question(example))}`));
      if (example.gold !== null) golds.push({ id: example.id, output: example.gold });
      n++;
    }
    guardDisk(path, () => {
      writeSync(file, n === 0 ? "[]\n" : "]\n");
      fsyncSync(file);
    });
  } finally {
    closeSync(file);
  }
  if (golds.length > 0)
    writeAtomic(join(dir, `${split}_outputs.json`), `${JSON.stringify({ task: task.name, golds })}\n`);
  renameSync(`${path}.part`, path);
  return n;
}

function question({ id, user, input, date, profile }: Example): unknown {
  return {
    id,
    ...(user === null ? {} : { user_id: user }),
    input,
    ...(date === undefined ? {} : { date }),
    profile: profile.map((item) => ({
      id: item.id,
      ...item.fields,
      ...(item.date === undefined ? {} : { date: item.date }),
    })),
  };
}
