import { join } from "node:path";
import { writeJson } from "../../core/jsonl.ts";
import { meanScore } from "../../eval/headline.ts";
import { predictionFile } from "../../eval/prediction-file.ts";
import type { Sampling } from "../../eval/samples.ts";
import type { Method, Prediction } from "../../eval/types.ts";
import { chosenOf, type Decoding } from "../../metrics/samples.ts";
import type { StageContext } from "../stage.ts";

/** Predictions of a method on dev, kept in a file of `eval/dev`; see `evaluate.ts`. */
export type OnDev = (method: Method, file: string, sampling?: Sampling, title?: string) => Promise<Prediction[]>;

/** `decoding.json`: what each method's temperature was chosen by. */
type DecodingFile = Readonly<Record<string, { readonly temperature: number; readonly tried: readonly Decoding[] }>>;

/**
 * What is drawn of each method beside its greedy answers. Where several temperatures are offered each method takes the one
 * with the best mean score on dev, from the same list by the same rule; a method draws nothing where nothing is asked for.
 */
export async function chooseSamplings(
  { config, dir }: Pick<StageContext, "config" | "dir">,
  methods: readonly Method[],
  onDev: OnDev,
): Promise<ReadonlyMap<string, Sampling>> {
  const { samples, temperatures } = config.eval;
  const highest = Math.max(...temperatures);
  if (samples === 0 && highest === 0) return new Map();
  const chosen: [string, { temperature: number; tried: readonly Decoding[] }][] = [];
  for (const method of methods) {
    const tried =
      temperatures.length === 1 || method.draws === false ? [] : await triedOnDev(config.eval, method, onDev);
    const { temperature } = tried.length === 0 ? { temperature: highest } : chosenOf(tried);
    chosen.push([method.name, { temperature, tried }]);
  }
  const file: DecodingFile = Object.fromEntries(chosen);
  writeJson(join(dir, "decoding.json"), file);
  return new Map(
    chosen.map(([name, { temperature }]) => [
      name,
      { n: Math.max(1, samples), temperature: temperature || highest || 1, primary: temperature > 0 },
    ]),
  );
}

/** Mean dev score of a method at each temperature, by the reading of the headline. */
async function triedOnDev(
  { samples, temperatures, reading }: StageContext["config"]["eval"],
  method: Method,
  onDev: OnDev,
): Promise<Decoding[]> {
  const tried: Decoding[] = [];
  for (const temperature of temperatures) {
    const sampling = temperature === 0 ? undefined : { n: Math.max(1, samples), temperature, primary: true };
    const title = `${method.label}, dev at temperature ${temperature}`;
    const predictions = await onDev(method, predictionFile(`${method.name}-${temperature}`), sampling, title);
    const score = predictions.reduce((sum, one) => sum + meanScore(one, reading), 0) / predictions.length;
    tried.push({ temperature, score });
  }
  return tried;
}
