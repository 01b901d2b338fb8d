import { ABLATION_STAGES, STAGE_NAMES } from "../../core/stages.ts";
import { predictionFile } from "../../eval/prediction-file.ts";
import { duration } from "../format.ts";
import { fileLink, html, type Section, table } from "../html.ts";
import type { RunFiles } from "../read-run.ts";

/** What only some methods train. */
const RIVALS: readonly string[] = [
  ...["gold", "gold-full", "gold-ind", "sft-ind", "rejection"],
  ...["pplug", "pplug-labels", "hydra", "prlm-reward", "prlm", "prlm-sft"],
  ...ABLATION_STAGES.map(({ name }) => name),
];

const FILES: readonly (readonly [string, string])[] = [
  ["run.json", "resolved config, versions, seed, command line"],
  ["result.json", "the numbers of the result section"],
  ["data/tasks.json", "the tasks"],
  ["data/world.json", "the synthetic world's constants, or which of the tasks it drew"],
  ["data/ceilings.json", "the best expected scores in that world"],
  ["data/test.jsonl", "evaluation queries with the items shown"],
  ["chains/rollouts.jsonl", "every chain of the teacher, with its score"],
  ["chains/judged.jsonl", "the judge's grades"],
  ["chains/tags.json", "primary tags and their clusters"],
  ["chains/chains.jsonl", "the chains that SFT learns from"],
  ["chains/review.jsonl", "chains for a person to look at"],
  ["chains/stats.json", "counts of every filter"],
  ...["sft", "prmu", "guided", "explore", ...RIVALS].flatMap((stage) => [
    [`${stage}/metrics.jsonl`, "numbers of every step"] as const,
    [`${stage}/samples.jsonl`, "sampled responses"] as const,
  ]),
  ["prmu/pairs.jsonl", "preference pairs"],
  ["prmu/held_out.json", "held-out accuracy of the reward model"],
  ["eval/scores.json", "scores of every method"],
];

/** Stages with their times, and where everything on this page stands. */
export function filesSection(run: RunFiles): Section {
  // Of the stages that only some methods need those that were done.
  const stages = STAGE_NAMES.filter((name) => name !== "report")
    .map((name) => ({ name, ...run.stage(name) }))
    .filter(({ name, state }) => state !== "not run" || !RIVALS.includes(name));
  const present = FILES.filter(([path]) => run.has(path));
  const predictions = [...run.predictions.keys()].map(
    (name) => [`eval/${predictionFile(name)}`, "predictions"] as const,
  );
  return {
    id: "files",
    title: "Stages and files",
    body: html`${table(
      "Stages of the run",
      ["Stage", "state", "time"],
      stages.map(({ name, state, seconds }) => [name, state, seconds === null ? "–" : duration(seconds)]),
    )}<p>Links work while this page stands in its run directory. The plots are in <a href="plots/">plots/</a> as SVG and PNG.</p>
<ul>${[...present, ...predictions].map(([path, what]) => html`<li>${fileLink(path)}: ${what}</li>`)}</ul>`,
  };
}
