import { expect, it } from "vitest";
import { html } from "../html.ts";
import { bars } from "./bars.ts";
import { openCanvas, room, standalone } from "./draw.ts";
import { NO_FONT, toPng, withNote } from "./png.ts";

const LABELS = ["喜剧", "非常长的中文标签非常长的中文标签", "comedy"];

async function picture(labels: readonly string[]): Promise<string> {
  const given = labels.map((label, i) => ({ label, value: i + 1, text: `${i + 1}`, hue: 0 }));
  const made = bars(await openCanvas(), { name: "b", alt: "so many", caption: html`so many`, bars: given });
  return standalone(made);
}

/** Of a PNG: its head says width and height. */
const sizeOf = (png: Uint8Array): [number, number] => {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
};

it("a Chinese label has room for letters as wide as they are high, however long it is", async () => {
  expect(room(["喜剧"])).toBeGreaterThanOrEqual(2 * 12);
  const svg = await picture(LABELS);
  const ends = [...svg.matchAll(/translate\(([\d.]+),[\d.]+\)"[^>]*>([^<]+)<\/text>/g)].filter(([, , text]) =>
    LABELS.includes(text ?? ""),
  );
  expect(ends).toHaveLength(3);
  for (const [, x, text = ""] of ends)
    expect(Number(x)).toBeGreaterThanOrEqual(/[a-z]/.test(text) ? 6 * text.length : 12 * text.length);
});

it("names fonts that have Chinese letters, after those of the page", async () => {
  expect(await picture(LABELS)).toMatch(/DejaVu Sans.*PingFang SC.*Microsoft YaHei.*Noto Sans CJK SC.*sans-serif/);
});

it("a PNG is its picture at twice the size, with a line under it only where letters are missing", async () => {
  const svg = await picture(["comedy"]);
  const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
  expect(sizeOf(await toPng(svg))).toEqual([2 * width, 2 * height]);
  const chinese = sizeOf(await toPng(svg.replace("comedy", "喜剧")));
  expect([2 * height, 2 * (height + 20)]).toContain(chinese[1]);
  const noted = withNote(svg);
  expect(noted).toContain(NO_FONT);
  expect(sizeOf(await toPng(noted))).toEqual([2 * width, 2 * (height + 20)]);
});
