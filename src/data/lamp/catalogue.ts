import { TagprError } from "../../core/errors.ts";

/** The benchmark's own site; every task, split and file has its place by name below it. */
export const LAMP_SITE = "https://ciir.cs.umass.edu/downloads/LaMP";
/** Where a person finds the same links to click on. */
export const LAMP_PAGE = "https://lamp-benchmark.github.io/download";

/** Folder of each task on the site. LaMP-2 in its present form (movies) lies below the older news task. LaMP-6 needs a licence of its own. */
const FOLDERS: Readonly<Record<string, string>> = {
  LaMP_1: "LaMP_1",
  LaMP_2: "LaMP_2/new",
  LaMP_2_old: "LaMP_2",
  LaMP_3: "LaMP_3",
  LaMP_4: "LaMP_4",
  LaMP_5: "LaMP_5",
  LaMP_7: "LaMP_7",
};

/** The tasks that TagPR's paper measures. */
export const PAPER_TASKS = ["LaMP_1", "LaMP_2", "LaMP_3", "LaMP_4", "LaMP_5", "LaMP_7"] as const;

const SPLITS: readonly string[] = ["train", "dev", "test"];

/** `time`: each user's later queries are held out (the paper's); `user`: other users are. */
export type Separation = "time" | "user";

export interface RemoteFile {
  readonly task: string;
  /** Where its files lie, `LaMP_4`; the user-based split lies apart, in `LaMP_4_user`: the files' names are the same. */
  readonly folder: string;
  /** `train_questions.json` */
  readonly name: string;
  readonly url: string;
}

/** The files of one task. A test split has questions alone: its golds are not public. */
export function lampFiles(
  task: string,
  splits: readonly string[],
  { separation, site = LAMP_SITE }: { readonly separation: Separation; readonly site?: string },
): RemoteFile[] {
  const wanted = task.replaceAll("-", "_").toLowerCase();
  const name = Object.keys(FOLDERS).find((known) => known.toLowerCase() === wanted);
  if (name === undefined)
    throw new TagprError("usage", `${task} is no task of the site (${Object.keys(FOLDERS).join(", ")})`, {
      hint:
        wanted === "lamp_6" ? "LaMP-6 needs the Avocado licence and is left out." : "Give --tasks LaMP_2,LaMP_4 or so.",
    });
  const unknown = splits.find((split) => !SPLITS.includes(split));
  if (unknown !== undefined)
    throw new TagprError("usage", `${unknown === "" ? '""' : unknown} is no split of the site (${SPLITS.join(", ")})`, {
      hint: "Give --splits train,dev or so.",
    });
  const base = `${site.replace(/(?<!\/)\/+$/, "")}/${separation === "time" ? "time/" : ""}${FOLDERS[name]}`;
  return splits.flatMap((split) =>
    (split === "test" ? ["questions"] : ["questions", "outputs"]).map((kind) => ({
      task: name,
      folder: separation === "time" ? name : `${name}_user`,
      name: `${split}_${kind}.json`,
      url: `${base}/${split}/${split}_${kind}.json`,
    })),
  );
}
