import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, refuseFolder } from "../../core/disk.ts";
import { guardDisk } from "../../core/jsonl.ts";
import type { Task } from "../task.ts";
import type { Example } from "../types.ts";

/**
 * Writes one split in LaMP's layout, `{split}_questions.json` and (unless no example has a gold) `{split}_outputs.json`,
 * each complete or not at all. Both are streamed: a split may be larger than memory.
 */
export async function writeLamp(
  dir: string,
  split: string,
  task: Task,
  examples: AsyncIterable<Example> | Iterable<Example>,
): Promise<number> {
  guardDisk(dir, () => makeFolder(dir));
  const questions = openList(join(dir, `${split}_questions.json`), "[", "]\n");
  const outputs = openList(
    join(dir, `${split}_outputs.json`),
    `{"task":${JSON.stringify(task.name)},"golds":[`,
    "]}\n",
  );
  try {
    for await (const example of examples) {
      questions.add(questionOf(example));
      if (example.gold !== null) outputs.add({ id: example.id, output: example.gold });
    }
    const golds = outputs.end();
    const n = questions.end();
    if (golds > 0) outputs.keep();
    questions.keep();
    return n;
  } finally {
    outputs.drop();
    questions.drop();
  }
}

/** How much is gathered before it is written. */
const CHUNK = 1 << 20;

/** A JSON list that is written element by element beside `path`, and takes its place when it is kept. */
function openList(path: string, head: string, tail: string) {
  const part = `${path}.part`;
  const file = guardDisk(path, () => {
    refuseFolder(path);
    return openSync(part, "w");
  });
  let text = head;
  let n = 0;
  let open = true;
  const flush = (): void => {
    guardDisk(path, () => writeSync(file, text));
    text = "";
  };
  const close = (): void => {
    if (open) closeSync(file);
    open = false;
  };
  return {
    add: (element: unknown): void => {
      text += `${n === 0 ? "" : ",\n"}${JSON.stringify(element)}`;
      n++;
      if (text.length > CHUNK) flush();
    },
    end: (): number => {
      text += tail;
      flush();
      guardDisk(path, () => fsyncSync(file));
      return n;
    },
    keep: (): void => {
      close();
      guardDisk(path, () => renameSync(part, path));
    },
    drop: (): void => {
      close();
      rmSync(part, { force: true });
    },
  };
}

/** A query as a questions file has it. */
export function questionOf({ id, user, input, date, profile }: Example): unknown {
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
