import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeApp } from "./app.ts";
import { type Listening, listen } from "./listen.ts";
import { openBrowser } from "./testing/browser.ts";
import { type FakeCompute, fakeCompute, fakeService, TOKEN } from "./testing/fake-service.ts";

const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'&amp; javascript:alert(1)';
const CHAIN = [
  "<think>\n<examine_examples>[1] is comedy, [2] is action</examine_examples>",
  `<infer_preference>the user likes ${HOSTILE}</infer_preference>`,
  "<make_decision>so comedy</make_decision>\n</think>\n\ncomedy",
].join("\n");
const ITEMS = [
  { description: "a joke about robots", tag: "comedy" },
  { description: `a film of ${HOSTILE}`, tag: "comedy" },
];
const lines = (items: readonly object[]): string => items.map((item) => JSON.stringify(item)).join("\n");

/** The real server with a compute that says the same each time, and a real Chromium. */
let browser: Browser;
let server: Listening;
let compute: FakeCompute;
/** Waited for before every piece of an answer after its first. */
let before: (signal: AbortSignal) => Promise<void> = async () => {};
beforeAll(async () => {
  compute = fakeCompute({ say: () => CHAIN, piece: 20, before: (signal) => before(signal) });
  const { service } = await fakeService({ compute });
  [browser, server] = await Promise.all([openBrowser(), listen(makeApp(service).fetch, 0)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

interface Opened {
  readonly page: Page;
  /** Where anything was asked for. */
  readonly asked: string[];
  /** What the browser complained of: errors, refusals of the policy. */
  readonly said: string[];
}

async function open(fragment = `#token=${TOKEN}`, options: BrowserContextOptions = {}): Promise<Opened> {
  const page = await (await browser.newContext(options)).newPage();
  const [asked, said]: string[][] = [[], []];
  page.on("request", (request) => asked?.push(request.url()));
  page.on("console", (message) => message.type() === "error" && said?.push(message.text()));
  page.on("pageerror", (error) => said?.push(String(error)));
  await page.goto(`${server.url}/${fragment}`);
  return { page, asked: asked ?? [], said: said ?? [] };
}

async function ask(page: Page, query = "Which tag? a film about robots"): Promise<void> {
  await page.locator("#send:enabled").waitFor();
  await page.getByLabel("History").fill(lines(ITEMS));
  await page.getByLabel("Query").fill(query);
  await page.keyboard.press("Control+Enter");
}
const ended = (page: Page) => page.locator('#answers article[aria-busy="false"]');

describe("the page", () => {
  it("shows the steps by tag, the items that they cite, what is false struck, two models side by side", async () => {
    const { page, asked, said } = await open();
    await ask(page);
    await ended(page).nth(1).waitFor();
    const first = page.locator("#answers article").first();
    expect(await first.locator(".tag").allTextContents()).toEqual([
      "examine_examples",
      "infer_preference",
      "make_decision",
    ]);
    expect(await first.locator(".answer").textContent()).toBe("Answer comedy");
    expect(await first.locator("s").allTextContents()).toEqual([expect.stringContaining("[2] is action")]);
    expect(await first.locator(".why").textContent()).toContain("item 2 is comedy");
    expect(await page.locator("#answers h2 > span:first-child").allTextContents()).toEqual(["nano", "nano-base"]);
    expect(await page.locator("#items li").allTextContents()).toHaveLength(2);
    await first.getByRole("button", { name: "[1]" }).click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("item-1");
    expect(said).toEqual([]);
    expect(asked.every((url) => url.startsWith(server.url))).toBe(true);
    expect(asked.some((url) => url.includes(TOKEN))).toBe(false);
  });

  it("shows hostile text as text, in every field", async () => {
    const { page, said } = await open();
    await ask(page, `Which tag? ${HOSTILE}`);
    await ended(page).nth(1).waitFor();
    const text = await page.locator("main").textContent();
    expect(text?.split(HOSTILE)).toHaveLength(4); // two chains and an item
    expect(await page.locator("main img, main script, main iframe, main a").count()).toBe(0);
    expect(await page.title()).toBe("TagPR: ask");
    expect(said).toEqual([]);
  });

  it("forbids what could act: the policy holds in the browser", async () => {
    const { page, said } = await open();
    const inline = await page.evaluate(() => {
      const script = document.createElement("script");
      try {
        script.textContent = "document.title = 'acted'";
        document.head.append(script);
        document.body.innerHTML = "<img src='http://127.0.0.1:1/x'>";
        return "taken";
      } catch (error) {
        return String(error);
      }
    });
    expect(inline).toContain("TrustedScript");
    const elsewhere = await page.evaluate(() => fetch("http://127.0.0.1:9/").catch((error) => String(error)));
    expect(elsewhere).toContain("Failed to fetch");
    expect(said.join()).toContain("Content Security Policy");
    expect(await page.title()).toBe("TagPR: ask");
  });

  it("takes its token from the address alone, and says so where it is missing or wrong", async () => {
    for (const path of ["/", "/page/main.js", "/page/style.css", "/page/colours.css"]) {
      const reply = await fetch(server.url + path);
      expect(await reply.text()).not.toContain(TOKEN);
      expect(reply.headers.get("content-security-policy")).toMatch(/default-src 'none'.*script-src 'self'/);
      expect(reply.headers.get("content-security-policy")).not.toContain("unsafe");
    }
    expect((await fetch(`${server.url}/page/about`)).status).toBe(401);
    const none = await open("");
    expect(await none.page.locator("#notice").textContent()).toContain("lacks its token");
    const wrong = await open("#token=wrong");
    await expect.poll(() => wrong.page.locator("#notice").textContent()).toContain("the token is missing or wrong");
  });

  it("says what is wrong with a history, and sends nothing", async () => {
    const { page } = await open();
    await ask(page);
    await ended(page).nth(1).waitFor();
    const before = compute.requests.length;
    await page.getByLabel("History").fill('{"tag": "comedy"}\nno json');
    await page.keyboard.press("Control+Enter");
    expect(await page.locator("#history-state").textContent()).toContain("line 2 is no item");
    await page.getByLabel("History").fill('{"tag": "comedy"}');
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => page.locator("#notice").textContent()).toContain("has no description (item 1, id 1)");
    expect(compute.requests).toHaveLength(before);
  });

  it("is stopped by Esc: what came so far stays, and the server is let go", async () => {
    const { page } = await open();
    before = (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
    const left = compute.left();
    await ask(page);
    await page.locator("#answers .step").first().waitFor();
    await page.keyboard.press("Escape");
    await ended(page).nth(1).waitFor();
    expect(await page.locator("#answers .key").first().textContent()).toBe("stopped");
    await expect.poll(() => compute.left()).toBe(left + 2);
    before = async () => {};
  });

  it("can be filled in by an example and used by the keyboard alone", async () => {
    const { page } = await open();
    await page.locator("#send:enabled").waitFor();
    for (const id of ["#example", "#send"]) {
      await page.locator("body").focus();
      for (let i = 0; i < 20; i++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), id)) break;
      }
      await page.keyboard.press("Enter");
    }
    await ended(page).nth(1).waitFor();
    expect(await page.locator("#notice").isVisible()).toBe(false);
  });

  it.each(["light", "dark"] as const)("axe finds nothing, %s, wide and narrow", async (colorScheme) => {
    for (const width of [1280, 360]) {
      const { page } = await open(undefined, { colorScheme, viewport: { width, height: 800 } });
      await ask(page);
      await ended(page).nth(1).waitFor();
      await page.evaluate(axe.source);
      const found = await page.evaluate("axe.run().then(({ violations }) => violations)");
      expect(found).toEqual([]);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over).toBeLessThanOrEqual(0);
    }
  });
});
