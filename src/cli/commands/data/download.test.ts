import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { shell } from "../../testing/shell.ts";

const { tagpr } = shell();

it("--list says where each file comes from and goes; --help how to place them by hand", async () => {
  const { out } = await tagpr(
    "data",
    "download",
    "lamp",
    "--list",
    "--tasks",
    "LaMP_2",
    "--splits",
    "dev",
    "--out",
    "d",
  );
  expect(out).toMatch(
    /^https:.*\/time\/LaMP_2\/new\/dev\/dev_questions\.json\n {2}-> d\/LaMP_2\/dev_questions\.json\n/,
  );
  expect((await tagpr("data", "download", "lamp", "--help")).out).toMatch(/By hand: .*lamp-benchmark\.github\.io/);
  expect(await tagpr("data", "download", "lamp", "--list", "--splits", "dev,foo")).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringMatching(/foo is no split of the site \(train, dev, test\)/),
  });
  expect(await tagpr("data", "download", "lamp", "--list", "--tasks", "LaMP_6")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/LaMP_6 is no task of the site.*\n.*Avocado/),
  });
});

it("fetches from a server, and the folder can be checked", async () => {
  const question = { id: 1, user_id: 1, input: "article: x", profile: [] };
  const server = createServer(({ url }, response) =>
    response.end(
      JSON.stringify(url?.includes("questions") ? [question] : { task: "LaMP_4", golds: [{ id: 1, output: "g" }] }),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const flags = ["--tasks", "LaMP_4", "--splits", "dev", "--out", "d", "--site", site];
    const done = await tagpr("data", "download", "lamp", ...flags);
    expect(done).toMatchObject({
      code: 0,
      out: "d/LaMP_4\n",
      err: expect.stringMatching(/dev_outputs\.json.*fetched/),
    });
    expect((await tagpr("data", "check", "d/LaMP_4")).out).toMatch(/dev +1 +1500 ≠/);
  } finally {
    server.close();
  }
});
