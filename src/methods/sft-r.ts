import type { Config } from "../core/config/schema.ts";
import type { Method } from "../eval/types.ts";
import { prompted } from "./prompted.ts";

type Form = Config["sft"]["form"];

/**
 * The paper's rows SFT-R and TagPR w/o RL are the same, digit for digit. What a run's SFT learnt (`sft.form`) makes another
 * method of this row: a row is called what it is, and a model that has learnt to answer at once is asked so.
 */
export const sftRAs = (form: Form): Method =>
  prompted({
    name: "sft-r",
    label: "SFT-R (w/o RL)",
    paper: "SFT-R, TagPR w/o RL",
    source: "paper, sections 3.4 and 4.1",
    about: "Trained to imitate tagged chains; no reinforcement learning.",
    trains: "sft",
    profile: true,
    reasoning: true,
    ...AS[form],
  });

const AS = {
  tagged: {},
  untagged: {
    label: "SFT, untagged (w/o RL)",
    paper: "–",
    about: "Trained to imitate the chains with their tags stripped; no reinforcement learning.",
  },
  gold: {
    label: "SFT on gold (sft.form)",
    paper: "SFT",
    reasoning: false,
    about: "Trained on the true answers of the chains' queries, without any chain; answers at once.",
  },
} as const;

export const sftR = sftRAs("tagged");
