import type { MetricName } from "../metrics/score.ts";

/*
 * The paper's own numbers (arXiv 2509.23140, Tables 1 to 3 and section 3.2; Table 4 stands beside `tagpr data check`), facts for comparison: shown beside ours only where the data are
 * LaMP's. Those of LaMP-3 stand under RMSE as the paper heads them; some of them are only possible as MSE.
 */

const LAMP = [
  ["LaMP_1", "accuracy"],
  ["LaMP_1", "f1_macro"],
  ["LaMP_2", "accuracy"],
  ["LaMP_2", "f1_macro"],
  ["LaMP_3", "mae"],
  ["LaMP_3", "rmse"],
  ["LaMP_4", "rouge1"],
  ["LaMP_4", "rougeL"],
  ["LaMP_5", "rouge1"],
  ["LaMP_5", "rougeL"],
  ["LaMP_7", "rouge1"],
  ["LaMP_7", "rougeL"],
] as const;

const DIANPING = [
  ["dianping_content", "rouge1"],
  ["dianping_content", "rougeL"],
  ["dianping_title", "rouge1"],
  ["dianping_title", "rougeL"],
  ["dianping_paraph", "rouge1"],
  ["dianping_paraph", "rougeL"],
] as const;

/** The R column of a row, and its numbers. */
interface PaperRow {
  readonly name: string;
  readonly reasons: boolean;
  readonly values: readonly number[];
}

const row = (name: string, reasons: boolean, values: string): PaperRow => ({
  ...{ name, reasons },
  values: values.split(" ").map(Number),
});

/** Table 1. */
export const TABLE_1: readonly PaperRow[] = [
  row("Zero-shot", false, ".498 .470 .318 .244 .639 .983 .144 .125 .417 .351 .465 .413"),
  row("Zero-shot-R", true, ".477 .483 .389 .347 .416 .778 .131 .115 .354 .306 .431 .383"),
  row("RAG", false, ".668 .645 .414 .361 .354 .710 .158 .139 .453 .384 .473 .419"),
  row("RAG-R (Base)", true, ".717 .722 .453 .413 .291 .645 .152 .137 .434 .365 .439 .391"),
  row("PAG", false, ".677 .649 .420 .367 .337 .675 .167 .148 .452 .385 .479 .426"),
  row("PAG-R", true, ".731 .736 .470 .417 .289 .627 .160 .142 .408 .349 .428 .380"),
  row("SFT", false, ".670 .654 .511 .461 .273 .569 .196 .178 .455 .393 .498 .445"),
  row("SFT-R", true, ".722 .724 .456 .416 .339 .878 .159 .145 .440 .378 .437 .386"),
  row("SFT-Ind", false, ".717 .717 .532 .488 .269 .568 .207 .187 .463 .411 .507 .454"),
  row("SFT-Ind-R", true, ".729 .731 .463 .419 .366 1.001 .151 .138 .432 .374 .433 .383"),
  row("PPlug", false, ".698 .699 .535 .489 .261 .532 .213 .195 .486 .434 .521 .465"),
  row("HYDRA-Adapter", false, ".692 .692 .482 .455 .320 .663 .159 .138 .457 .395 .483 .423"),
  row("R2P", true, ".729 .730 .487 .459 .267 .557 .176 .155 .459 .396 .489 .426"),
  row("PrLM", true, ".731 .731 .534 .504 .288 .635 .183 .169 .499 .438 .513 .459"),
  row("GPT-4o", false, ".733 .733 .542 .512 .254 .554 .191 .175 .470 .407 .475 .419"),
  row("Qwen3-235B-A22B", true, ".715 .720 .511 .488 .280 .633 .177 .158 .450 .396 .455 .409"),
  row("Deepseek-R1", true, ".740 .744 .522 .488 .280 .644 .181 .166 .451 .399 .447 .397"),
  row("Gemini-2.5-Pro", true, ".761 .761 .582 .548 .271 .594 .222 .202 .495 .438 .480 .425"),
  row("TagPR w/o RL", true, ".722 .724 .456 .416 .339 .878 .159 .145 .440 .378 .437 .386"),
  row("TagPR w/o SFT", true, ".747 .747 .543 .510 .271 .593 .194 .181 .502 .441 .525 .469"),
  row("TagPR w/o Tag", true, ".749 .749 .545 .511 .272 .595 .197 .183 .506 .441 .524 .469"),
  row("TagPR w/o Reward", true, ".768 .769 .557 .514 .246 .393 .205 .190 .522 .453 .545 .490"),
  row("TagPR", true, ".803 .803 .598 .557 .218 .263 .234 .213 .542 .471 .565 .507"),
];

/** Table 2. */
export const TABLE_2: readonly PaperRow[] = [
  row("RAG", false, ".200 .151 .209 .184 .598 .568"),
  row("RAG-R (Base)", true, ".183 .144 .197 .173 .517 .461"),
  row("SFT", false, ".189 .123 .228 .210 .603 .571"),
  row("SFT-R", true, ".187 .145 .198 .177 .498 .423"),
  row("GPT-4o", false, ".207 .168 .236 .211 .606 .573"),
  row("Gemini-2.5-Pro", true, ".217 .170 .215 .195 .564 .475"),
  row("TagPR", true, ".216 .171 .240 .218 .617 .583"),
];

/** Table 3: reward models, of TagPR. */
export const TABLE_3: readonly PaperRow[] = [
  row("w/o RM", true, ".768 .769 .557 .514 .246 .393 .205 .190 .522 .453 .545 .490"),
  row("Untrained RM", true, ".771 .772 .533 .495 .246 .361 .207 .195 .536 .459 .545 .487"),
  row("PRMU w/o UE", true, ".784 .784 .581 .541 .231 .299 .215 .197 .536 .467 .558 .501"),
  row("PRMU", true, ".803 .803 .598 .557 .218 .263 .234 .213 .542 .471 .565 .507"),
];

/** Section 3.2: how the tagged chains were made. */
export const CHAINS = { queries: 1000, rollouts: 16, chains: 10_000, tags: 9 } as const;

/** What a row of a table says of one metric of one task; undefined where that is no column of it. */
export function paperValue({ values }: PaperRow, task: string, metric: MetricName): number | undefined {
  const columns = values.length === LAMP.length ? LAMP : DIANPING;
  const at = columns.findIndex(([of, name]) => of === task && name === metric);
  return values[at];
}

/** The gain that the abstract says, over all tasks; Table 1's own columns give another ({@link averageGain}). */
export const ABSTRACT_GAIN = 0.3265;
