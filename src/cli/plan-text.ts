import type { MemoryPlan, Plan } from "../run/plan/plan.ts";
import { align } from "./table.ts";

const aligned = (rows: readonly (readonly string[])[]): string => align(rows).join("\n");

/** A plan as a person reads it. Every number in it is an estimate by the model of docs/paper-run.md. */
export function planText(plan: Plan): string {
  const { model, reward } = plan;
  const title = `Plan of ${plan.name}: ${model.name} (${count(model.parameters)} parameters)${
    reward === null ? "" : `, reward model ${reward.name} (${count(reward.parameters)})`
  }`;
  const sections = [
    title,
    plan.notes.join("\n"),
    `Queries\n${aligned([["task", "chains", "RL", "PRMU", "dev", "test"], ...plan.tasks.map((t) => [t.task, ...[t.chains, t.rl, t.prmu, t.dev, t.test].map(String)])])}`,
    `Stages\n${stageTable(plan)}`,
    `Memory, GB\n${memoryTable(plan.memory)}\n  Where trainer and sampler take turns on a device it needs the larger of both sums, else their total.${cardsText(plan)}${processorText(plan)}`,
    `Checkpoints on disk: ${gigabytes(plan.disk)} GB at most.`,
    plan.apis.length === 0 ? "" : `Model APIs\n${apiTable(plan)}`,
    `Assumed (change with --assume name=value)\n${plan.assumptions.map(({ name, value, about }) => `  ${`${name}=${value}`.padEnd(34)}${about}`).join("\n")}`,
    "Estimates, not measurements: docs/paper-run.md has the formulas and how they compare with measured runs.",
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function cardsText({ cards }: Plan): string {
  if (cards === null) return "";
  const fit = cards.fit.length > 0 ? `fits ${cards.fit.join(", ")}` : "fits no single card that is known here";
  return `\n  All of it on one GPU: ${gigabytes(cards.bytes)} GB, ${fit} (a tenth to spare).`;
}

const processorText = ({ processor }: Plan): string =>
  processor === null ? "" : `\n  All of it on the CPU: ${gigabytes(processor)} GB of this machine's memory.`;

function stageTable({ stages, machines }: Plan): string {
  const total = (pick: (stage: Plan["stages"][number]) => number): number =>
    stages.reduce((sum, s) => sum + pick(s), 0);
  const row = (
    name: string,
    steps: number,
    sampled: number,
    trained: number,
    flops: number,
    hours: readonly number[],
  ) => [name, String(steps), count(sampled), count(trained), flops.toExponential(1), ...hours.map(inHours)];
  return aligned([
    ["stage", "steps", "tokens sampled", "tokens trained", "FLOPs", ...machines.map((name) => `${name}, h`)],
    ...stages.map((s) => row(s.stage, s.steps, s.sampled, s.trained, s.flops, s.hours)),
    row(
      "all",
      total((s) => s.steps),
      total((s) => s.sampled),
      total((s) => s.trained),
      total((s) => s.flops),
      machines.map((_, i) => total((s) => s.hours[i] ?? 0)),
    ),
  ]);
}

function memoryTable(rows: readonly MemoryPlan[]): string {
  const heads = [
    "weights",
    "gradients",
    "optimizer",
    "gathered",
    "activations",
    "training in all",
    "sampler",
    "laid out",
    "cache",
    "sampling in all",
  ];
  return aligned([
    ["", ...heads],
    ...rows.map(({ what, parts: p, training, sampling }) => [
      what,
      ...[p.weights, p.gradients, p.optimizer, p.gathered, p.activations, training].map(gigabytes),
      ...[p.sampler, p.laid, p.cache, sampling].map(gigabytes),
    ]),
  ]);
}

function apiTable({ apis }: Plan): string {
  return aligned([
    ["", "model", "requests", "tokens in", "tokens out", "dollars"],
    ...apis.map((a) => [
      a.who,
      a.model,
      count(a.requests),
      count(a.promptTokens),
      count(a.completionTokens),
      a.dollars === null ? `set ${a.who}.price_in, price_out` : a.dollars.toFixed(0),
    ]),
  ]);
}

/** 8.2B, 41.6M, 12.0k */
function count(n: number): string {
  for (const [unit, size] of [
    ["B", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const)
    if (n >= size) return `${(n / size).toFixed(1)}${unit}`;
  return n.toFixed(0);
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1);
const inHours = (hours: number): string => hours.toFixed(hours < 1 ? 2 : 1);
