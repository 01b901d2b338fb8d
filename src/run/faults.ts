import { ABLATIONS, isEmpty } from "../core/ablations.ts";
import { rowNamed } from "../core/config/method-names.ts";
import { hasRewardModel } from "../core/config/reward-model.ts";
import { type Config, configSchema, type LlmConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { STAGE_NAMES, type StageName, stageOf } from "../core/stages.ts";
import { SHAPES, shapeOf } from "../data/synthetic/shapes.ts";
import { FIRST_PRETRAINING_SEED } from "../data/synthetic/world.ts";
import { isKnownTask, knownTasks, loadTask } from "../data/task-file.ts";
import type { Method } from "../eval/types.ts";
import { ablationOf, methodOf } from "../methods/index.ts";
import type { Fault } from "./fault.ts";
import { prmuFaults, signalFaults, taskWeightFaults } from "./reward-faults.ts";
import { worldTasks } from "./stages/data-synthetic.ts";
import { hasStrata, WHOLE } from "./stages/strata.ts";

/** Every fault between a config's keys that can be seen without looking at any file, for the stages that are asked. */
export function configFaults(config: Config, only: readonly StageName[] = STAGE_NAMES): Fault[] {
  return [
    ...roleFaults(config),
    ...engineFaults(config),
    ...dataFaults(config),
    ...goldFaults(config, only),
    ...prmuFaults(config),
    ...signalFaults(config),
    ...weightFaults(config),
    ...updateFaults(config),
    ...evalFaults(config),
  ];
}

interface Sound {
  /** Before each message. */
  readonly where?: string;
  readonly allowOpen?: boolean;
  /** The stages that are asked; all of them without. */
  readonly only?: readonly StageName[] | undefined;
}

/** @throws TagprError `usage` that names every fault at once; what is only open is no fault where `allowOpen` is set. */
export function requireSound(config: Config, { where = "", allowOpen = false, only }: Sound = {}): void {
  const faults = configFaults(config, only).filter(({ open }) => !(allowOpen && open));
  if (faults.length > 0)
    throw new TagprError("usage", faults.map(({ message }) => `${where}${message}`).join("\n"), {
      hint: [...new Set(faults.map(({ hint }) => hint))].join("\n  "),
    });
}

const DEFAULT_TEACHER = JSON.stringify(configSchema.parse({}).teacher);

const ROLES = ["teacher", "judge", "tagger"] as const;
type Role = (typeof ROLES)[number];

function roleFaults(config: Config): Fault[] {
  const roles: readonly (readonly [name: string, role: Role, settings: LlmConfig])[] = [
    ...ROLES.map((role) => [role, role, config[role]] as const),
    ...config.teachers.map((settings, i) => [`teachers.${i}`, "teacher", settings] as const),
  ];
  if (config.teachers.length > 0 && JSON.stringify(config.teacher) !== DEFAULT_TEACHER)
    return [
      {
        message: "teacher: it is not read where `teachers` names several",
        hint: "Say it in teachers, or set 'teachers=[]'.",
      },
    ];
  const asked = roles.filter(([name]) => name !== "teacher" || config.teachers.length === 0);
  return asked.flatMap(([name, role, { kind, url }]): Fault[] => {
    const { source } = config.data;
    const choice = `Set ${name}.kind to ${source === "files" ? "" : "scripted, "}openai${role === "teacher" ? ", self" : ""} or rules.`;
    const fault = (why: string, hint: string): Fault[] => [{ message: `${name}.kind: ${kind} ${why}`, hint }];
    if (kind === "scripted" && source === "files")
      return fault("knows the synthetic world only, and data.source is files", choice);
    if (kind === "self" && role !== "teacher") return fault("is for the teacher only", choice);
    if (kind === "openai" && !URL.canParse(url))
      return fault(`needs a URL, and ${name}.url is "${url}"`, `Set ${name}.url, e.g. https://api.openai.com/v1.`);
    return [];
  });
}

const RL = ["guided", "explore"] as const;

/** A model that has learnt to answer at once: preference pairs and RL need a chain. */
function goldFaults(config: Config, only: readonly StageName[]): Fault[] {
  if (config.sft.form !== "gold") return [];
  const hint =
    "Ask for --only data,chains,sft,eval, with --set eval.methods=[zero-shot,rag,rag-r,sft-r], or set sft.form to tagged.";
  const trained = methodsIn(config).filter(({ trains }) =>
    trains.some((stage) => !stage.startsWith("gold") && stage !== "sft" && stage !== "sft-ind"),
  );
  // Stages of ablations do nothing where no method is one.
  const wanted = new Set<string>(trained.flatMap(({ trains }) => trains));
  const reasons = ["prmu", ...RL];
  const stages = only.filter(
    (name) => reasons.includes(name) || (reasons.includes(stageOf(name).stage) && wanted.has(name)),
  );
  return [
    ...(stages.length === 0
      ? []
      : [
          {
            message: `sft.form: gold teaches no reasoning, and ${stages.join(", ")} need it`,
            hint,
            open: true as const,
          },
        ]),
    ...(trained.length === 0 || !only.includes("eval")
      ? []
      : [
          {
            message: `eval.methods: ${trained.map(({ name }) => name).join(", ")} can't be made from sft.form: gold`,
            hint,
          },
        ]),
  ];
}

function updateFaults(config: Config): Fault[] {
  return RL.flatMap((stage): Fault[] => {
    const { batch, updates } = config[stage];
    if (batch % updates === 0) return [];
    return [
      {
        message: `${stage}.updates: a batch of ${batch} prompts can't be cut into ${updates} equal mini-batches`,
        hint: `Set ${stage}.updates to a divisor of ${stage}.batch.`,
      },
    ];
  });
}

/** The methods that there are; a name that stands for none is a fault of its own. */
const methodsIn = (config: Config): Method[] =>
  config.eval.methods.flatMap((name) => (nameFault(name, config) === null ? [methodOf(name, config)] : []));

function nameFault(name: string, config: Config): Fault | null {
  try {
    methodOf(name, config);
    return null;
  } catch (error) {
    if (!(error instanceof TagprError)) throw error;
    return { message: error.message, hint: error.hint ?? "" };
  }
}

/** Who chooses among answers by the reward model needs one. */
function scoredFaults(config: Config): Fault[] {
  const scored = methodsIn(config).filter((method) => method.scored === true);
  if (scored.length === 0 || hasRewardModel(config)) return [];
  const names = scored.map(({ name }) => name).join(", ");
  return [
    {
      message: `eval.methods: ${names} needs a reward model, and prmu.variant is ${config.prmu.variant}`,
      hint: "Set prmu.variant to full, no_user_embeddings or general, or take ROW/majority@N.",
    },
  ];
}

/** An ablation of what the config does without anyway would be TagPR a second time. */
const emptyFaults = (config: Config): Fault[] =>
  methodsIn(config).flatMap((method): Fault[] => {
    const ablation = ablationOf(method);
    if (ablation === null || !isEmpty(config, ablation)) return [];
    const already = ABLATIONS[ablation](config).join(", ");
    return [
      {
        message: `eval.methods: ${method.name} is TagPR itself, since the config has ${already} already`,
        hint: "Leave it out of eval.methods.",
      },
    ];
  });

/** Endpoints that can't be asked. */
function apiFaults({ eval: { apis, methods } }: Config): Fault[] {
  const rows = methods.map(rowNamed);
  return Object.entries(apis).flatMap(([name, { url, model }]): Fault[] => {
    if (![`api-${name}`, `api-${name}-r`].some((one) => rows.includes(one))) return [];
    const hint = `For example eval.apis.${name}: {url: https://api.openai.com/v1, model: gpt-4o}.`;
    if (!URL.canParse(url)) return [{ message: `eval.apis.${name} needs a URL, and its url is "${url}"`, hint }];
    return model === "" ? [{ message: `eval.apis.${name} names no model`, hint }] : [];
  });
}

function evalFaults(config: Config): Fault[] {
  const { methods, swap, causal } = config.eval;
  const unknown = [
    ...methods.flatMap((name) => nameFault(name, config) ?? []),
    ...scoredFaults(config),
    ...emptyFaults(config),
    ...apiFaults(config),
    ...causalFaults(causal.methods, config),
  ];
  const files = swap.filter((name) => name.startsWith("file-"));
  if (files.length > 0)
    unknown.push({
      message: `eval.swap: ${files.join(", ")} can't be shown another user's items: a file answers what it answers`,
      hint: "Leave it out of eval.swap.",
    });
  const strangers = swap.filter((name) => !methods.includes(name));
  if (strangers.length === 0) return unknown;
  return [
    ...unknown,
    {
      message: `eval.swap: ${strangers.join(", ")} is not among eval.methods`,
      hint: "Swapped profiles are told beside a method's own answers: name it in eval.methods too.",
    },
  ];
}

/** Names that stand for no method are told as such. */
const causalFaults = (names: readonly string[], config: Config): Fault[] =>
  names.flatMap((name): Fault[] => {
    if (!config.eval.methods.includes(name))
      return [
        {
          message: `eval.causal.methods: ${name} is not among eval.methods`,
          hint: "Steps are taken out of the chains of its own answers: name it in eval.methods too.",
        },
      ];
    if (nameFault(name, config) !== null) return [];
    const { asks, reasoning } = methodOf(name, config);
    if (reasoning && asks !== undefined) return [];
    return [
      {
        message: `eval.causal.methods: ${name} ${reasoning ? "asks more than one prompt" : "does not reason"}: it has no chain that could be gone on with`,
        hint: "Name methods that reason and ask once: tagpr, guided, sft-r, rag-r.",
      },
    ];
  });

function engineFaults({ engines }: Config): Fault[] {
  return (["policy", "reward", "embeddings"] as const).flatMap((role): Fault[] => {
    const { kind, url } = engines[role];
    if (kind !== "remote") return [];
    if (URL.canParse(url)) return [];
    return [
      {
        message: `engines.${role}.kind: remote needs a URL, and engines.${role}.url is "${url}"`,
        hint: `Set engines.${role}.url, e.g. http://127.0.0.1:8000.`,
      },
    ];
  });
}

function dataFaults({ data, seed }: Config): Fault[] {
  return [
    ...worldFaults(data),
    ...rlOfFaults(data),
    ...(data.source === "files" ? fileFaults(data) : [...seedFaults(seed), ...taskFaults(data)]),
  ];
}

function seedFaults(seed: number): Fault[] {
  if (seed < FIRST_PRETRAINING_SEED) return [];
  return [
    {
      message: `seed: ${seed} is one of those from ${FIRST_PRETRAINING_SEED} on, whose worlds made the base model`,
      hint: `Choose a seed below ${FIRST_PRETRAINING_SEED}.`,
    },
  ];
}

/** Users with so many items are looked for until they are found. */
function worldFaults({ source, world, min_items, strata }: Config["data"]): Fault[] {
  const most = world.max_items;
  const tooMany = (key: string, least: number): Fault[] =>
    least <= most
      ? []
      : [
          {
            message: `${key}: ${least} is more than data.world.max_items, ${most}: there are no such users`,
            hint: `Set ${key} to data.world.max_items at most.`,
          },
        ];
  if (source === "files") return tooMany("data.world.min_items", world.min_items);
  return [
    ...tooMany("data.world.min_items", world.min_items),
    ...tooMany("data.min_items", min_items),
    ...(strata.unseen === 0 || most >= WHOLE
      ? []
      : [
          {
            message: `data.strata.unseen: its users have ${WHOLE} items or more, and data.world.max_items is ${most}`,
            hint: `Set data.world.max_items to ${WHOLE} at least, or data.strata.unseen to 0.`,
          },
        ]),
  ];
}

function fileFaults(data: Config["data"]): Fault[] {
  const faults: Fault[] = [];
  if (data.paths.length === 0)
    faults.push({
      message: "data.paths: data.source is files, and no folder is given",
      hint: "Give the folder that holds train_questions.json and so on: --data DIR.",
      open: true,
    });
  if (hasStrata(data))
    faults.push({
      message: "data.strata: only the synthetic world has kinds of users, and data.source is files",
      hint: "Leave data.strata out; data.test says how many queries are evaluated.",
    });
  return faults;
}

function taskFaults(data: Config["data"]): Fault[] {
  const shapes = Object.values(SHAPES);
  const known = (name: string): boolean => shapes.some((shape) => shape.task === name || shape.name === name);
  const unknown = worldTasks(data).filter((name) => !known(name));
  return unknown.map((name) => ({
    message: `data.task: the synthetic world has no task "${name}"`,
    hint: `One of: ${shapes.map((shape) => shape.task).join(", ")}.`,
  }));
}

/** Tasks of a run on files are known with the files. */
function weightFaults(config: Config): Fault[] {
  const { data } = config;
  if (data.source === "files" || taskFaults(data).length > 0) return [];
  return taskWeightFaults(
    config,
    worldTasks(data).map((name) => shapeOf(name).task),
  );
}

/** A name that no task has would be no exception, in silence. A task of one's own is known with its files alone. */
function rlOfFaults({ source, rl_of }: Config["data"]): Fault[] {
  return Object.keys(rl_of).flatMap((key): Fault[] => {
    const name = isKnownTask(key) ? loadTask(key).name : null;
    if (name === key || (name === null && source === "files")) return [];
    const hint = name === null ? `One of: ${knownTasks().join(", ")}.` : `Its name is ${name}.`;
    return [{ message: `data.rl_of: no task has the name "${key}"`, hint }];
  });
}
