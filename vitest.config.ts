import { defineConfig } from "vitest/config";

export default defineConfig({
  // As tsconfig.json's `paths`: examples import the package by its name.
  resolve: {
    alias: [
      { find: /^tagpr$/, replacement: `${import.meta.dirname}/src/index.ts` },
      { find: /^tagpr\/synthetic$/, replacement: `${import.meta.dirname}/src/data/synthetic/index.ts` },
    ],
  },
  test: {
    include: ["{src,examples,bench}/**/*.test.ts", "{page,scripts,setup}/**/*.test.mjs"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
