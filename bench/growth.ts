/**
 * Growth of W1 against the FLOP model: prompts × 1, 2, 4; 5, 10, 20 roll-outs; prompts of 300 to 2,000 tokens. No peer.
 *
 *   npm run bench -- growth [--quick] [--rounds 3] [--clock cpu] [--threads N] [--json]
 *
 * Printed is time ÷ FLOPs of each size, relative to the first of its row: 1.00 where time follows the model.
 */
import { flopsOf } from "./lm/flops.ts";
import { CLOCK, open, oursOf } from "./lm/measure.ts";
import { type Size, sizeOf, text } from "./lm/sizes.ts";
import { argument, median } from "./side-by-side.ts";

const { size: base } = sizeOf("W1");
const rounds = Number(argument("--rounds", "3"));
const factors = { groups: [1, 2, 4], rollouts: [5, 10, 20], prompt: [300, 600, 1200, 2000] } as const;

async function seconds(size: Size): Promise<{ readonly time: number; readonly flops: number }> {
  const bench = await open("W1", size, true);
  try {
    const ours = await oursOf("W1", size, bench);
    const times: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const one = (await ours.round())[CLOCK];
      if (round >= 0) times.push(one);
    }
    await ours.close();
    const flops = Object.values(flopsOf("W1", bench.loaded.parameters, size)).reduce((a, b) => a + b, 0);
    return { time: median(times), flops };
  } finally {
    bench.close();
  }
}

const rows: object[] = [];
for (const [what, values] of Object.entries(factors)) {
  let first = Number.NaN;
  for (const value of values) {
    const size = { ...base, groups: 1, [what]: value };
    const { time, flops } = await seconds(size);
    if (Number.isNaN(first)) first = time / flops;
    const relative = time / flops / first;
    rows.push({ what, value, seconds: time, gflop: flops / 1e9, relative });
    if (!process.argv.includes("--json"))
      console.log(
        `${what.padEnd(9)} ${String(value).padStart(5)}  ${time.toFixed(2).padStart(7)} s  ${(flops / 1e9).toFixed(0).padStart(6)} GFLOP  ${relative.toFixed(2)}  (${text(size)})`,
      );
  }
}
if (process.argv.includes("--json")) console.log(JSON.stringify({ clock: CLOCK, rows }));
