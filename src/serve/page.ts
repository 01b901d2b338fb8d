import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import { packageRoot } from "../core/installation.ts";
import { HUES, OTHER, PAGE } from "../report/palette.ts";
import type { Noted } from "./routes/note.ts";

/** Nothing inline, nothing from elsewhere, no way from a text to an element: what is shown can't act. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cache-control": "no-store",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
} as const;

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page/style.css": ["style.css", "text/css; charset=utf-8"],
  "/page/icon.svg": ["icon.svg", "image/svg+xml"],
  ...Object.fromEntries(
    ["main", "chain", "history", "server", "show"].map((name) => [
      `/page/${name}.js`,
      [`${name}.js`, "text/javascript; charset=utf-8"] as const,
    ]),
  ),
} as const;

/**
 * The page to try it, for a browser without a token: it holds nothing that is secret, and takes the token from the fragment
 * of its own address, which no server sees.
 */
export function mountPage(app: Hono<Noted>): void {
  const give = (path: string, text: string, type: string): void => {
    app.get(path, (c) => c.body(text, 200, { ...HEADERS, "content-type": type }));
  };
  for (const [path, [file, type]] of Object.entries(FILES))
    give(path, readFileSync(join(packageRoot(), "page", file), "utf8"), type);
  give("/page/colours.css", colours(), "text/css; charset=utf-8");
}

/** A tag has the colour that it has in reports. */
function colours(): string {
  const theme = (name: "light" | "dark"): string =>
    [
      ...HUES.map((hue, i) => `--h${i}:${hue[name]}`),
      `--other:${OTHER[name]}`,
      `--bg:${PAGE[name]}`,
      ...(name === "light" ? LIGHT : DARK),
    ].join(";");
  const tags = HUES.map((_, i) => `.t${i}{--c:var(--h${i})}`).join("\n");
  return `:root{color-scheme:light dark;${theme("light")}}
@media (prefers-color-scheme:dark){:root{${theme("dark")}}}
${tags}
.tother{--c:var(--other)}
`;
}

/** Text, muted text, lines, borders of what can be used (contrast 3 at least), soft ground, text on a hue, links. */
const LIGHT = [
  "--fg:#1c2024",
  "--muted:#59636b",
  "--line:#d5dadf",
  "--edge:#7b858d",
  "--soft:#f4f6f8",
  "--on:#ffffff",
].concat("--link:#0b5cad");
const DARK = [
  "--fg:#e8eaed",
  "--muted:#a3adb6",
  "--line:#353c43",
  "--edge:#78838c",
  "--soft:#1d2226",
  "--on:#101214",
].concat("--link:#8ec2f5");
