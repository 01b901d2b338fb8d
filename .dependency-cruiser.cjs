// Imports go one way: a folder may import only folders that stand below it (DESIGN: folders mirror the paper).
const order = [
  "cli",
  "suites",
  "run",
  "serve",
  "report",
  "methods",
  "eval",
  "encoders",
  "policy",
  "prmu",
  "rewards",
  "chains",
  "metrics",
  "model",
  "prompts",
  "retrieval",
  "store",
  "data",
  "llm",
  "engine",
  "stats",
  "core",
];
const upward = order.slice(1).map((folder, i) => ({
  name: `${folder}-looks-up`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: `^src/(${order.slice(0, i + 1).join("|")})/` },
}));
/** A room that the order doesn't list would be held by no rule. */
const unlisted = { path: "^src/[^/]+/", pathNot: `^src/(${order.join("|")})/` };
module.exports = {
  forbidden: [
    ...upward,
    { name: "room-not-in-order", severity: "error", from: unlisted, to: {} },
    { name: "no-import-of-a-room-not-in-order", severity: "error", from: {}, to: unlisted },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, dependencyTypesNot: ["type-only"] } },
    { name: "no-unknown", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
