import { join } from "node:path";
import { writeAtomic } from "../core/jsonl.ts";
import { openArt } from "./art.ts";
import { html } from "./html.ts";
import { renderPage } from "./page.ts";
import { type Picture, standalone } from "./plots/draw.ts";
import { toPng } from "./plots/png.ts";
import { readRun } from "./read-run.ts";
import { casesSection } from "./sections/cases.ts";
import { chainsSection } from "./sections/chains.ts";
import { filesSection } from "./sections/files.ts";
import { header, isSynthetic, title } from "./sections/header.ts";
import { methodSection } from "./sections/method.ts";
import { prmuSection } from "./sections/prmu.ts";
import { reasoningSection } from "./sections/reasoning.ts";
import { resultSection } from "./sections/result.ts";
import { trainingSection } from "./sections/training.ts";

/**
 * Writes `RUN/report/index.html`, one self-contained page, and its plots as SVG and PNG beside it, from the files of a
 * run alone. A stage that has not run is said to be so. `claim` is told the names of the plots, relative to the folder,
 * before they are written. Answers the page's path.
 */
export async function writeReport(
  runDir: string,
  claim: (files: readonly string[]) => void = () => {},
): Promise<string> {
  const run = readRun(runDir);
  const art = await openArt();
  const sections = [
    resultSection(run, art),
    trainingSection(run, art),
    prmuSection(run, art),
    reasoningSection(run, art),
    await casesSection(run),
    chainsSection(run, art),
    methodSection(run),
    filesSection(run),
  ];
  const footer = html`<p>Made by <code>tagpr report</code> from the files of this run.${
    isSynthetic(run) && " All numbers are of the synthetic world."
  }</p>`;
  const page = renderPage({ title: title(run), header: header(run), sections, footer });
  const dir = join(runDir, "report");
  claim(art.pictures.flatMap(({ name }) => [`plots/${name}.svg`, `plots/${name}.png`]));
  await writePictures(join(dir, "plots"), art.pictures);
  const path = join(dir, "index.html");
  writeAtomic(path, page);
  return path;
}

/** Every picture as SVG and PNG. */
async function writePictures(dir: string, pictures: readonly Picture[]): Promise<void> {
  for (const picture of pictures) {
    const svg = standalone(picture);
    writeAtomic(join(dir, `${picture.name}.svg`), svg);
    writeAtomic(join(dir, `${picture.name}.png`), await toPng(svg));
  }
}
