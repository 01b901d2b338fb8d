import { streamJsonl } from "../core/jsonl.ts";
import type { ShownExample } from "./types.ts";

/** Lines of a run's split, one at a time. Older runs kept each query's whole history in them. */
export async function* streamShown(path: string): AsyncGenerator<ShownExample> {
  for await (const { profile, ...example } of streamJsonl<ShownExample & { profile?: readonly unknown[] }>(path))
    yield profile === undefined ? example : { ...example, historyItems: profile.length };
}
