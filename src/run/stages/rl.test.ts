import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { guidedStage } from "./rl.ts";

const tools = { modelDir: () => Promise.resolve("no-such-folder") };

it("guided RL that starts from the base reads no SFT model, and hangs on the base's identity instead", async () => {
  const [usual, base] = ["sft", "base"].map((from) => configSchema.parse({ guided: { from } }));
  if (usual === undefined || base === undefined) throw new Error("two configs");
  expect(guidedStage.reads(usual)).toContain("sft/model.json");
  expect(guidedStage.reads(base)).not.toContain("sft/model.json");
  expect(await guidedStage.outside?.(usual, tools)).toBeNull();
  expect(await guidedStage.outside?.(base, tools)).toBe("no-such-folder");
  expect(guidedStage.config(usual)).not.toEqual(guidedStage.config(base));
});
