import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,examples,bench}/**/*.test.ts", "scripts/**/*.test.mjs"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
