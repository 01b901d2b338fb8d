import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { homeOf, modelsDir, packageRoot, userCache } from "./installation.ts";

describe("where set-up puts things", () => {
  it("in a clone the clone, unless TAGPR_HOME names another folder", () => {
    const root = packageRoot();
    expect(homeOf({})).toEqual({ dir: root, venv: join(root, ".venv"), cache: join(root, ".cache") });
    expect(homeOf({ TAGPR_HOME: "" }).dir).toBe(root);
    expect(homeOf({ TAGPR_HOME: "/srv/tag pr" })).toMatchObject({ dir: "/srv/tag pr", venv: "/srv/tag pr/venv" });
    expect(modelsDir({ TAGPR_HOME: "/srv/tag pr" })).toBe("/srv/tag pr/models");
  });

  it("each system has its cache folder", () => {
    expect(userCache({}, "linux")).toBe(join(homedir(), ".cache"));
    expect(userCache({ XDG_CACHE_HOME: "/c" }, "linux")).toBe("/c");
    expect(userCache({ XDG_CACHE_HOME: "/c" }, "darwin")).toBe(join(homedir(), "Library", "Caches"));
    expect(userCache({ LOCALAPPDATA: "D:\\Local" }, "win32")).toBe("D:\\Local");
  });
});
