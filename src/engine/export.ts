import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { makeFolder } from "../core/disk.ts";
import { messageOf, TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";
import type { Session } from "./session.ts";
import { readTinkerPath } from "./tinker-path.ts";
import { download, refusal } from "./transport.ts";

/**
 * A Hugging Face folder of saved weights. The embedded engine shares our disk and writes it itself; any other hands out
 * an archive, which is unpacked here.
 */
export async function exportWeights(session: Session, path: string, dir: string): Promise<void> {
  if (session.extensions.export !== undefined) {
    await session.run("export", { path, target: resolve(dir) });
    return;
  }
  await unpack(session, path, dir);
}

async function unpack({ transport }: Session, path: string, dir: string): Promise<void> {
  const { model, name } = readTinkerPath(path);
  const archive = join(dir, ".archive.tar.gz");
  guardDisk(dir, () => makeFolder(dir));
  const call = { path: `/api/v1/training_runs/${model}/checkpoints/${name}/archive`, repeatable: true };
  try {
    const answer = await download(transport, { method: "GET", ...call }, archive);
    if (answer.status >= 400)
      throw refusal(transport, `export of ${path}`, answer, "Most servers hand out sampler_weights only.");
    await promisify(execFile)("tar", ["-xzf", archive, "-C", dir]);
  } catch (error) {
    if (error instanceof TagprError) throw error;
    throw new TagprError("engine", `the archive of ${path} can't be unpacked into ${dir}: ${messageOf(error)}`, {
      hint: "The download may be cut off: export it again.",
      cause: error,
    });
  } finally {
    rmSync(archive, { force: true });
  }
}
