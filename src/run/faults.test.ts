import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { loadConfig } from "../core/config/load.ts";
import { configSchema } from "../core/config/schema.ts";
import { configFaults, requireSound } from "./faults.ts";

const faults = (input: unknown): string[] => configFaults(configSchema.parse(input)).map(({ message }) => message);
const FILES = {
  data: { source: "files", paths: ["x"] },
  teacher: { kind: "self" },
  judge: { kind: "rules" },
  tagger: { kind: "rules" },
};
const endpoint = { kind: "openai", url: "https://api.openai.com/v1" };

it("the default, the presets and every combination of roles that works are without fault", () => {
  expect(faults({})).toEqual([]);
  expect(faults(FILES)).toEqual([]);
  expect(faults({ ...FILES, teacher: endpoint, judge: endpoint, tagger: endpoint })).toEqual([]);
  expect(faults({ teacher: { kind: "self" }, judge: { kind: "rules" }, tagger: { kind: "scripted" } })).toEqual([]);
  expect(faults({ data: { task: "synthetic_tag, rating" } })).toEqual([]);
  expect(faults({ ...FILES, data: { ...FILES.data, rl_of: { LaMP_2: 3200, my_tickets: 9 } } })).toEqual([]);
  expect(faults({ data: { task: "tag" }, rewards: { of: { synthetic_tag: { tag: 0 } } } })).toEqual([]);
  const remote = { kind: "remote", url: "http://127.0.0.1:1" };
  expect(faults({ prmu: { model: "sft", variant: "oracle-user" } })).toEqual([]);
  expect(faults({ prmu: { model: "sft" }, engines: { policy: remote, reward: remote } })).toEqual([]);
  for (const file of readdirSync("presets"))
    expect(() => requireSound(loadConfig(`presets/${file}`), { allowOpen: true })).not.toThrow();
});

it.each([
  [{ ...FILES, teacher: { kind: "scripted" } }, /^teacher\.kind: scripted knows the synthetic world only/],
  [{ ...FILES, judge: { kind: "scripted" } }, /^judge\.kind: scripted/],
  [{ ...FILES, tagger: { kind: "scripted" } }, /^tagger\.kind: scripted/],
  [{ teachers: [{ kind: "rules" }], teacher: { kind: "self" } }, /^teacher: it is not read where `teachers`/],
  [{ teachers: [{ kind: "rules" }, { kind: "openai" }] }, /^teachers\.1\.kind: openai needs a URL/],
  [{ judge: { kind: "self" } }, /^judge\.kind: self is for the teacher only/],
  [{ teacher: { kind: "openai" } }, /^teacher\.kind: openai needs a URL/],
  [
    { prmu: { variant: "none" }, eval: { methods: ["sft-r/best-of-8"] } },
    /^eval\.methods: sft-r\/best-of-8 needs a reward model, and prmu\.variant is none$/,
  ],
  [{ eval: { apis: { big: { model: "m" } }, methods: ["api-big-r/majority@8"] } }, /^eval\.apis\.big needs a URL/],
  [{ eval: { apis: { big: { url: "http://a/v1" } }, methods: ["api-big"] } }, /^eval\.apis\.big names no model/],
  [
    { eval: { predictions: { x: "p.jsonl" }, methods: ["file-x"], swap: ["file-x"] } },
    /^eval\.swap: file-x can't be shown another user's items/,
  ],
  [{ engines: { reward: { kind: "remote" } } }, /^engines\.reward\.kind: remote needs a URL/],
  [{ ...FILES, data: { source: "files" } }, /^data\.paths: .*no folder is given/],
  [{ ...FILES, data: { ...FILES.data, strata: { cold: 3 } } }, /^data\.strata: /],
  [{ data: { world: { min_items: 9, max_items: 8 } } }, /^data\.world\.min_items: 9 is more than/],
  [{ data: { min_items: 201 } }, /^data\.min_items: 201 is more than data\.world\.max_items, 200/],
  [{ data: { strata: { unseen: 5 }, world: { max_items: 7 } } }, /^data\.strata\.unseen: its users have 8 items/],
  [{ data: { rl_of: { "LaMP-2": 3200 } } }, /^data\.rl_of: no task has the name "LaMP-2"/],
  [{ data: { rl_of: { tag: 300 } } }, /^data\.rl_of: no task has the name "tag"/],
  [{ guided: { batch: 9, updates: 4 } }, /^guided\.updates: a batch of 9 prompts can't be cut into 4/],
  [{ data: { task: "synthetic_tag, LaMP_2" } }, /^data\.task: the synthetic world has no task "LaMP_2"/],
  [{ seed: 1_000_000 }, /^seed: 1000000/],
  [{ ...FILES, prmu: { variant: "oracle-prompt" } }, /^prmu\.variant: oracle-prompt is for the synthetic world/],
  [{ ...FILES, prmu: { variant: "oracle-user" } }, /^prmu\.variant: oracle-user is for the synthetic world/],
  [{ ...FILES, prmu: { variant: "placebo" } }, /^prmu\.variant: placebo is for the synthetic world/],
  [
    { prmu: { model: "sft" }, engines: { policy: { kind: "remote", url: "http://127.0.0.1:1" } } },
    /^prmu\.model: sft needs the policy and the reward model on one engine/,
  ],
  [{ guided: { rewards: { own: { mine: 1 } } } }, /^guided\.rewards\.own\.mine: rewards\.own has no signal mine/],
  [
    { rewards: { of: { synthetic_tag: { own: { mine: 1 } } } } },
    /^rewards\.of\.synthetic_tag\.own\.mine: rewards\.own has no signal mine/,
  ],
  [
    { explore: { rewards: { of: { LaMP_2: { verifiable: 2 } } } } },
    /^explore\.rewards\.of\.LaMP_2: the run has no task LaMP_2/,
  ],
  [{ eval: { methods: ["rag-r"], swap: ["tagpr"] } }, /^eval\.swap: tagpr is not among eval\.methods/],
  [{ eval: { methods: ["rag-r"], causal: { methods: ["tagpr"] } } }, /^eval\.causal\.methods: tagpr is not among/],
  [{ eval: { methods: ["rag"], causal: { methods: ["rag"] } } }, /^eval\.causal\.methods: rag does not reason/],
  [
    { eval: { methods: ["pag-r"], causal: { methods: ["pag-r"] } } },
    /^eval\.causal\.methods: pag-r asks more than one/,
  ],
])("%j is a fault, and the only one", (input, says) => {
  expect(faults(input)).toEqual([expect.stringMatching(says)]);
});

it("sft.form: gold is a fault with what needs a chain, and none without", () => {
  const config = configSchema.parse({ sft: { form: "gold" }, eval: { methods: ["rag-r", "sft-r", "tagpr"] } });
  expect(() => requireSound(config)).toThrow(
    /^sft\.form: gold teaches no reasoning, and prmu, guided, explore need it\neval\.methods: tagpr can't be made/,
  );
  expect(() => requireSound(config, { only: ["data", "chains", "sft"] })).not.toThrow();
  expect(() => requireSound(config, { only: ["guided"] })).toThrow(/and guided need it$/);
  const plain = configSchema.parse({ sft: { form: "gold" }, eval: { methods: ["rag-r", "sft-r"] } });
  expect(() => requireSound(plain, { only: ["data", "chains", "sft", "eval"] })).not.toThrow();
  expect(() => requireSound(plain, { allowOpen: true })).not.toThrow(); // a command may ask for these stages alone
});

it("all are named at once, each hint once", () => {
  const config = configSchema.parse({ judge: { kind: "self" }, seed: 2_000_000 });
  expect(() => requireSound(config, { where: "my.yaml: " })).toThrow(/^my\.yaml: judge\.kind.*\nmy\.yaml: seed/);
});
