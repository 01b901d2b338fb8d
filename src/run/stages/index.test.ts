import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { STAGES } from "./index.ts";

it("every stage alone asks an empty run for its data first", () => {
  const config = configSchema.parse({});
  for (const stage of STAGES.filter(({ name }) => name !== "data"))
    expect(stage.reads(config).map((file) => file.split("/")[0])).toContain("data");
});
