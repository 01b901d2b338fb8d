import { expect, it } from "vitest";
import { methodOfFile, predictionFile } from "./prediction-file.ts";

it("every method has a file of its own, whose name a disk takes and says which it is", () => {
  for (const name of ["rag-r", "rag-r/majority@8", "api-big-r/best-of-16", "file-theirs"]) {
    expect(predictionFile(name)).not.toContain("/");
    expect(methodOfFile(predictionFile(name))).toBe(name);
  }
  for (const file of ["scores.json", "stage.json", "a b.jsonl", "../x.jsonl"]) expect(methodOfFile(file)).toBeNull();
});
