import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Listed, look, npmAbove } from "./parents.ts";

const tree = (entries: Record<number, Listed>) => (pid: number) => entries[pid] ?? null;

describe("npmAbove", () => {
  it("finds npm and npx through shells and scripts", () => {
    const above = tree({
      9: { parent: 8, command: "node dist/cli/main.js run x.yaml" },
      8: { parent: 7, command: "node scripts/start.mjs" },
      7: { parent: 6, command: "sh -c node scripts/start.mjs" },
      6: { parent: 5, command: "npm start" },
      5: { parent: 1, command: "-bash" },
    });
    expect(npmAbove(9, above)).toBe(6);
    for (const command of ["npx tagpr run", "npm exec tagpr", "node /usr/lib/node_modules/npm/bin/npx-cli.js tagpr"])
      expect(npmAbove(3, tree({ 3: { parent: 2, command: "node" }, 2: { parent: 1, command } }))).toBe(2);
  });

  it("finds none where a shell or nohup started the command, whatever its name", () => {
    const shell = tree({
      3: { parent: 2, command: "node main.js run npm.yaml" },
      2: { parent: 1, command: "bash -l" },
    });
    expect(npmAbove(3, shell)).toBeNull();
    expect(npmAbove(3, tree({ 3: { parent: 1, command: "node" } }))).toBeNull();
  });

  it("sees this very process in the system's list", () => {
    if (process.platform === "win32") return;
    expect(look(process.pid)?.parent).toBe(process.ppid);
  });
});

describe("stopWithNpm", () => {
  it("ends a command whose npm was killed, and leaves one that a plain program started", async () => {
    const dir = mkdtempSync(join(tmpdir(), "parents-"));
    const module = fileURLToPath(new URL("./parents.ts", import.meta.url));
    const command = join(dir, "command.mjs");
    writeFileSync(
      command,
      `import { stopWithNpm } from ${JSON.stringify(module)};
       stopWithNpm({ npm_command: "exec" }, () => { console.log("stopped"); process.exit(0); });
       console.log("started");
       setTimeout(() => { console.log("went on"); process.exit(0); }, 3500);`,
    );
    const parent = (title: string) => {
      const script = `process.title = ${JSON.stringify(title)};
        require("node:child_process").spawn(process.execPath, ["--import", "tsx", ${JSON.stringify(command)}], { stdio: "inherit" });
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      return new Promise<string>((done) => {
        child.stdout.on("data", (chunk) => {
          said += chunk;
          if (String(chunk).includes("started")) child.kill("SIGKILL");
        });
        child.stdout.on("close", () => done(said));
      });
    };
    expect(await parent("npm exec tagpr run")).toBe("started\nstopped\n");
    expect(await parent("some program with a longer title")).toBe("started\nwent on\n");
  });
});
