import { rmSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { version } from "../../core/installation.ts";
import { onMachine } from "../../model/machine.ts";
import { readRecord } from "../../model/record.ts";
import { scoredItems } from "../../run/evaluation/questions.ts";
import { ANSWERS, answersPage, writeAnswerPages } from "../../suites/answer-pages.ts";
import { cellId, FOLDERS, OWN, runId } from "../../suites/cells.ts";
import { type Evaluation, openEvaluation } from "../../suites/evaluation.ts";
import type { Given } from "../../suites/kind.ts";
import { OFFICIAL, writeOfficial } from "../../suites/official.ts";
import type { Lead } from "../../suites/shown.ts";
import { writeSuite } from "../../suites/write.ts";
import type { App } from "../app.ts";
import { modelDir } from "../engines.ts";
import type { OpenedSuite } from "./open-suite.ts";

/** Writes what the suite shows from its cells, which have been asked. */
export async function writeOpened(
  app: App,
  dir: string,
  opened: OpenedSuite,
  { redact }: { readonly redact: boolean },
): Promise<string> {
  const { suite, kinds, methods, cells } = opened;
  const known = new Map<string, Evaluation>();
  const open = (id: string, run: string): Evaluation => {
    const one =
      known.get(id) ?? openEvaluation(join(dir, FOLDERS.cells, id), { id, run: join(dir, FOLDERS.runs, run) });
    known.set(id, one);
    return one;
  };
  const evaluations: Given["evaluations"] = ({ variant = OWN, profile = {} } = {}) => {
    const wanted = cellId({ variant, profile, seed: 0 });
    const found = cells.filter((cell) => cellId({ ...cell, seed: 0 }) === wanted);
    if (found.length === 0)
      throw new TagprError("internal", `no evaluation ${wanted} was asked for`, {
        hint: "The kind that shows it must say that it needs it.",
      });
    return found.map((cell) => open(cellId(cell), runId(cell)));
  };
  const pages = new Set<string>();
  // What an earlier writing left is not of these cells, and may hold texts that are to be redacted now.
  for (const folder of [OFFICIAL, ANSWERS, "tables", "figures"])
    rmSync(join(dir, folder), { recursive: true, force: true });
  for (const cell of cells) {
    const one = open(cellId(cell), runId(cell));
    for (const page of await writeAnswerPages(dir, one, { run: one.run, redact })) pages.add(page);
    if (!redact) await writeOfficial(join(dir, OFFICIAL, one.id), one);
  }
  const linkOf = (lead: Lead): string | null => {
    const { query: _, ...page } = lead;
    return pages.has(answersPage(page)) ? answersPage(lead) : null;
  };
  const config = opened.runConfig(cells[0] ?? { variant: OWN, seed: 0 });
  const seeds = [...new Set(cells.map(({ seed }) => seed))];
  return writeSuite({
    ...{ kinds, dir, redact, linkOf },
    given: { suite, methods, evaluations, itemScores: (one, queries) => scoresFor(app, one, queries) },
    facts: [
      ["Base model", config.model.split(/[\\/]/).slice(-2).join("/")],
      ["Seeds", seeds.join(", ")],
      ["Evaluations", String(cells.length)],
      ["Program", `tagpr ${version()}`],
    ],
  });
}

/** What the retriever chose items by, looked up again; of dense retrieval through the run's own embeddings. */
async function scoresFor(
  { io, openEngines }: App,
  { run, config: asked }: Evaluation,
  queries: Parameters<typeof scoredItems>[1],
): ReturnType<typeof scoredItems> {
  const machine = readRecord(run)?.machine;
  const config = machine === undefined ? asked : onMachine(asked, machine);
  const engines = openEngines({ config, run, io });
  try {
    return await scoredItems({ run, config, engines, modelDir: (name) => modelDir(io, name) }, queries);
  } finally {
    await engines.close();
  }
}
