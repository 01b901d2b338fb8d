import { stream } from "../../src/core/random.ts";
import { hops, queryOnly, shownItems } from "./ceilings.ts";
import { drawTrail, leadsOf, tableOf } from "./world.ts";

/*
 * Gate 0: the ceilings, by enumeration over all bijections that fit what is known.
 *   npx tsx bench/trail/gate0.ts [QUERIES A DEPTH]
 */
const n = Number(process.argv[2] ?? 40);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
for (const depth of [1, 2, 3, 4, 5, 6]) {
  const found = { query: [] as number[], shown: [] as number[], hops: [1, 2, 3, 4, 5].map(() => [] as number[]) };
  for (let i = 0, made = 0; made < n; i++) {
    const seed = i % 5;
    const leads = leadsOf(seed);
    const trail = drawTrail(leads, tableOf(seed, `gate0-${i}`), depth, stream(seed, "gate0", depth, i));
    if (trail === null) continue;
    made++;
    found.query.push(queryOnly(leads, trail));
    found.shown.push(shownItems(leads, trail));
    for (const [j, values] of found.hops.entries()) values.push(hops(leads, trail, Math.min(j + 1, depth)));
  }
  const by = found.hops.slice(0, depth).map((values, j) => [`${j + 1} hops`, mean(values).toFixed(3)]);
  console.log(
    JSON.stringify({
      depth,
      n,
      query: mean(found.query).toFixed(3),
      shown: mean(found.shown).toFixed(3),
      ...Object.fromEntries(by),
    }),
  );
}
