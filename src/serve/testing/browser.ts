import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** The Chromium that its npm package carries. @throws Error that names the system's libraries where they are wanting */
export async function openBrowser(): Promise<Browser> {
  const options = { executablePath: await chromium.executablePath(), args: chromium.args, headless: true };
  return playwright.launch(options).catch((error: unknown) => {
    const missing = /loading shared libraries: (\S+?):/.exec(String(error))?.[1];
    if (missing === undefined) throw error;
    throw new Error(
      `Chromium can't start: this machine lacks ${missing}. On Debian: apt-get install libnss3 libnspr4 libexpat1`,
      { cause: error },
    );
  });
}
