import { z } from "zod";
import { KINDS } from "../suites/kinds/index.ts";
import { suiteSchema } from "../suites/schema.ts";

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly default?: unknown;
}

/** `docs/suites.md`: what a suite can show and every key of its file, from the code alone. */
export function suitesPage(): string {
  const { properties = {} } = z.toJSONSchema(suiteSchema, { io: "input" }) as Node;
  return `# Suites

Made from \`src/suites\` by \`npm run docs\`; do not edit. A suite is one YAML file: what is asked, and what is shown of it.

\`\`\`sh
npx tagpr suite suites/main.yaml --out DIR --dry-run      # queries, tokens, hours, dollars
npx tagpr suite suites/main.yaml --out DIR                # trains, asks, writes DIR/index.html
npx tagpr suite suites/main.yaml --out DIR --reuse RUN    # of a run that \`tagpr run\` or \`tagpr eval\` made: nothing is done twice
\`\`\`

It can be stopped and started again: what is done is skipped, what was asked is kept by content. \`--dry-run\` leaves out both, and what two evaluations ask alike: its column \`kept\`. \`index.html\` is one page without anything from elsewhere; beside it stand \`report.md\`, \`tables/*.csv\`, \`tables/*.tex\` (\`tables/tables.tex\` has all of them) and \`figures/\` as SVG and PNG.
A PNG has the letters of this machine's fonts: where none has Chinese ones, a line under the picture says so, and its SVG has them. None of these holds a path or the name of a machine. \`runs\`, \`cells\` and \`weights\` do: they are yours.

A number with a link leads to the method's answers on that task (\`answers/\`, 200 a page): query, items, response, every metric. \`npx tagpr why DIR --task T --method M --query Q\` shows any one of them with its prompt and the retrieval scores of its items.

## LaMP's own files

\`official/<evaluation>/<method>/<task>.json\` has the predictions as LaMP's evaluation code takes them, \`{"task": "LaMP_2", "golds": [{"id": …, "output": …}]}\`, \`golds/<task>.json\` beside them the golds, \`scores.json\` LaMP's metrics of each file.
An output is the greedy answer as \`eval.reading\` has it, empty where none can be read. These are the scores of the tables, except that lenient ROUGE counts the better of both readings there. Data of the user-based split, which names no users, stand as \`LaMP_2_user.json\`. With \`--redact\` no such files are written.

\`npx tagpr official RUN --out DIR\` writes the same of any run that was evaluated, with \`--reading strict\` the answers that the strict reading finds.

## What it shows

| \`show\` | in the paper | what | file |
|---|---|---|---|
${KINDS.map(({ name, paper, about }) => `| \`${name}\` | ${paper} | ${about} | [${name}.ts](../src/suites/kinds/${name}.ts) |`).join("\n")}

A kind of your own is one file there: what evaluations it needs, and what it makes of them. \`main.ts\` is the one to begin with.

## Keys of the file

| key | default | meaning |
|---|---|---|
${Object.entries(properties)
  .flatMap(([key, node]) => rows(key, node))
  .join("\n")}

## What stands in a table

- **Bold** is the best of its column, underlined the second, by the numbers as they are shown: equal ones share the place.
- ▲ and ▼: better or worse than the base, at 5% after Holm's correction over the whole table. = : the very same. Without a mark: undecided. The p-value is the bootstrap's, and where that has too few draws beyond 0 for so many comparisons, Student's t with the bootstrap's standard error.
- Of one seed the intervals are over its users. They say how one trained model would do on other users, and nothing of training it again. With several \`seeds\` intervals and tests are over seeds (paired t).
- **Gain** is the mean of the relative gains over the base in all columns; of errors the share by which they fall. MSE is shown and not counted: it is RMSE's square. The paper's twelve columns give 33.0% for its own TagPR row, its abstract says 32.65%.
- **Detectable difference**: the true difference that such a comparison finds in 80% of repetitions.
- The paper's own numbers stand below ours only where the data are LaMP's: a task of its name, not synthetic, with as many queries as its validation set.
`;
}

/** A group's own keys have a row each. */
function rows(path: string, { description = "", properties, default: usual }: Node): string[] {
  if (properties !== undefined && Object.keys(properties).length > 0)
    return Object.entries(properties).flatMap(([key, node]) => rows(`${path}.${key}`, node));
  const shown = usual === undefined ? "" : `\`${JSON.stringify(usual)}\``;
  return [`| \`${path}\` | ${shown} | ${description.replaceAll("|", "\\|")} |`];
}
