import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { loadConfig, parseOverride } from "../../core/config/load.ts";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { packageRoot } from "../../core/installation.ts";
import type { Override } from "../../core/yaml-file.ts";
import type { Shape } from "../../data/synthetic/shape.ts";
import { shapeOf } from "../../data/synthetic/shapes.ts";
import { allNames } from "../../methods/index.ts";
import { configOfRun, readRecord } from "../../model/record.ts";
import { type Cell, cellsOf, FOLDERS } from "../../suites/cells.ts";
import type { Kind } from "../../suites/kind.ts";
import { kindsOf } from "../../suites/kinds/index.ts";
import { loadSuite, type Suite } from "../../suites/schema.ts";
import { overridesOf } from "../../suites/variants.ts";
import { at, settlePaths, withFlags } from "../commands/options.ts";
import type { Io } from "../io.ts";

export interface SuiteFlags {
  readonly out: string;
  readonly reuse?: readonly string[] | undefined;
  readonly data?: readonly string[] | undefined;
  readonly set?: readonly string[] | undefined;
  readonly only?: string | undefined;
}

/** A suite as it is to be made: which evaluations, of which configs. */
export interface OpenedSuite {
  readonly suite: Suite;
  readonly kinds: readonly Kind[];
  /** What is compared, in the order of the tables. */
  readonly methods: readonly string[];
  readonly cells: readonly Cell[];
  /** Folders of `generalisation.shapes`, which the suite makes. */
  readonly shapes: readonly { readonly dir: string; readonly shape: Shape }[];
  /** Runs that stages are taken from. */
  readonly reuse: readonly string[];
  /** The config that a cell's answers are trained by; its methods are those of the cells of one run. */
  readonly runConfig: (cell: Pick<Cell, "variant" | "seed">) => Config;
  /** The config that a cell is asked by. */
  readonly cellConfig: (cell: Cell) => Config;
}

/** @throws TagprError `usage` on anything in the file, or in the flags, that can't be made */
export function openSuite(io: Io, file: string, flags: SuiteFlags): OpenedSuite {
  const path = suitePath(io, file);
  const suite = loadSuite(path);
  const kinds = kindsOf(flags.only === undefined ? suite.show : flags.only.split(",").map((name) => name.trim()));
  const reuse = (flags.reuse ?? []).map((run) => at(io, run));
  const bySeed = new Map(reuse.map((run) => [seedOf(run), run]));
  const base = (seed: number | null, more: readonly Override[]): Config => {
    const from = seed === null ? undefined : bySeed.get(seed);
    const seeded = seed === null ? [] : [{ path: ["seed"], value: seed, from: "seeds" }];
    const overrides = [
      ...overridesOf(suite.set, `${file}: set`),
      ...more,
      ...(flags.set ?? []).map((text) => parseOverride(text)),
      ...seeded,
    ];
    const load = (given: readonly Override[]): Config =>
      from === undefined ? loadConfig(configOf(io, path, suite.config), given) : configOfRun(from, given);
    return settlePaths(
      withFlags((given) => load([...given, ...overrides]), { data: flags.data }),
      io,
    );
  };
  const usual = base([...bySeed.keys()][0] ?? null, []);
  const methods = suite.methods === "all" ? allNames(usual) : (suite.methods ?? usual.eval.methods);
  const seeds = suite.seeds.length > 0 ? suite.seeds : bySeed.size > 0 ? [...bySeed.keys()] : [usual.seed];
  const cells = cellsOf(
    kinds.flatMap((kind) => kind.needs(suite, methods)),
    seeds,
  );
  const shapes = suite.generalisation.shapes.map(shapeOf).map((shape) => {
    return { shape, dir: join(at(io, flags.out), FOLDERS.shapes, shape.name) };
  });
  const paths = [
    ...suite.generalisation.paths.map((one) => resolve(dirname(path), one)),
    ...shapes.map(({ dir }) => dir),
  ];
  const runConfig: OpenedSuite["runConfig"] = ({ variant, seed }) => {
    const own = suite.variants[variant]?.set ?? {};
    const of = cells.filter((cell) => cell.variant === variant && cell.seed === seed);
    const config = base(seed, overridesOf(own, `variant ${variant}`));
    const names = [...new Set(of.flatMap((cell) => cell.methods))];
    return {
      ...config,
      eval: { ...config.eval, methods: names, swap: [], causal: { ...config.eval.causal, methods: [] } },
    };
  };
  const cellConfig: OpenedSuite["cellConfig"] = (cell) => {
    const config = runConfig(cell);
    const { methods: names, swap, causal, profile: given } = cell;
    const { elsewhere, ...profile } = given;
    if (elsewhere === true && paths.length === 0)
      throw new TagprError(
        "usage",
        `${file}: generalisation shows other data, and neither its paths nor its shapes name any`,
        {
          hint: "Name folders in LaMP's layout (tagpr data dianping makes Dianping's three), or shapes of the synthetic world.",
        },
      );
    const asked = {
      methods: [...names],
      swap: [...swap],
      causal: { methods: [...causal], queries: suite.causal.queries },
      tasks: elsewhere === true ? [] : suite.tasks,
      ...(elsewhere === true ? { paths } : {}),
      profile: { ...config.eval.profile, ...profile },
    };
    return { ...config, eval: { ...config.eval, ...asked } };
  };
  return { suite, kinds, methods, cells, shapes, reuse, runConfig, cellConfig };
}

function seedOf(run: string): number {
  const record = readRecord(run);
  if (record === null)
    throw new TagprError("run", `--reuse ${run}: no run (there is no run.json)`, {
      hint: "Give the folder that `tagpr run` or `tagpr eval` wrote with --out.",
    });
  return record.config.seed;
}

/** A suite's file; those that come with TagPR are found from anywhere. */
function suitePath(io: Io, file: string): string {
  const path = at(io, file);
  if (existsSync(path)) return path;
  const folder = join(packageRoot(), "suites");
  const shipped = [join(packageRoot(), file), join(folder, file), join(folder, `${file}.yaml`)].find((one) =>
    existsSync(one),
  );
  if (shipped !== undefined && dirname(shipped) === folder) return shipped;
  const names = readdirSync(folder).map((name) => name.replace(/\.yaml$/, ""));
  throw new TagprError("usage", `no file ${path}`, {
    hint: `Give a path, or one of suites/{${names.join(",")}}.yaml.`,
  });
}

/** The config that a suite names: beside its file, where the command stands, or one that comes with TagPR. */
function configOf(io: Io, suite: string, config: string): string {
  const places = [resolve(dirname(suite), config), at(io, config), join(packageRoot(), config)];
  const found = places.find((one) => existsSync(one));
  if (found !== undefined) return found;
  throw new TagprError("usage", `${suite}: config: there is no ${config}`, {
    hint: "Its path is taken from the suite's folder, or from the folder of the command; presets/*.yaml come with TagPR.",
  });
}
