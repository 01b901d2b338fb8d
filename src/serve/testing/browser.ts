import { mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** The Chromium that its npm package carries. @throws Error that names the system's libraries where they are wanting */
export async function openBrowser(): Promise<Browser> {
  const options = { executablePath: await unpacked(), args: chromium.args, headless: true };
  return playwright.launch(options).catch((error: unknown) => {
    const missing = /loading shared libraries: (\S+?):/.exec(String(error))?.[1];
    if (missing === undefined) throw error;
    throw new Error(
      `Chromium can't start: this machine lacks ${missing}. On Debian: apt-get install libnss3 libnspr4 libexpat1`,
      { cause: error },
    );
  });
}

/** Its package unpacks it into the folder of temporary files, under one name for everybody: here each user has a folder. */
async function unpacked(): Promise<string> {
  const { TMPDIR } = process.env;
  const own = join(tmpdir(), `tagpr-browser-${userInfo().uid}`);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  process.env.TMPDIR = own;
  try {
    return await chromium.executablePath();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}
