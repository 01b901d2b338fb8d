import { describe, expect, it } from "vitest";
import { TagprError } from "../core/errors.ts";
import { connectEngine } from "./client.ts";
import { ADAM, calls, connect, datum, failure, OURS, sleep, train } from "./testing/connected.ts";
import { type FakeTinker, fakeTinker } from "./testing/fake-tinker.ts";
import type { Engine, TrainingClient } from "./types.ts";

describe("a session", () => {
  it("is opened once, sends the key, and keeps itself alive by heartbeats that stop at the end", async () => {
    const fake = fakeTinker(OURS);
    let beat = (): void => {};
    let stopped = false;
    const engine = await connectEngine({
      url: "http://engine.test",
      key: "secret",
      fetch: fake.fetch,
      sleep,
      every: (tick) => {
        beat = tick;
        return () => {
          stopped = true;
        };
      },
    });
    await engine.train({ model: "a", rank: 0, seed: 0 });
    await engine.train({ model: "b", rank: 0, seed: 0 });
    beat();
    await engine.close();
    expect(calls(fake).filter((path) => path === "create_session")).toHaveLength(1);
    expect(calls(fake)).toContain("session_heartbeat");
    expect(fake.seen.every((s) => s.headers["x-api-key"] === "secret")).toBe(true);
    expect(fake.seen.flatMap((s) => (s.path === "create_model" ? [s.json?.model_seq_id] : []))).toEqual([0, 1]);
    expect(stopped).toBe(true);
    expect(calls(fake).filter((path) => path === "unload_model")).toHaveLength(2);
  });
});

describe("a session that the server has ended", () => {
  const asked = async (alive: boolean): Promise<TagprError> => {
    const fake = fakeTinker(OURS);
    let ended = false;
    let beat = (): void => {};
    const fetch: FakeTinker["fetch"] = async (url, init) =>
      ended && !(alive && url.endsWith("/session_heartbeat"))
        ? Response.json({ detail: "unknown or has ended" }, { status: 404 })
        : fake.fetch(url, init);
    const every = (tick: () => void): (() => void) => {
      beat = tick;
      return () => {};
    };
    const engine = await connectEngine({ url: "http://engine.test", fetch, sleep, every });
    const client = await engine.train({ model: "base", rank: 0, seed: 0 });
    beat();
    await new Promise((resolve) => setImmediate(resolve));
    ended = true;
    return failure(client.optimStep(ADAM));
  };

  it("is lost: a run opens another, and goes on from its last checkpoint", async () => {
    const error = await asked(false);
    expect(error.code).toBe("engine_lost");
    expect(error.message).toContain("has ended this client's session");
  });

  it("is told from something else that isn't there", async () => {
    expect((await asked(true)).code).toBe("engine");
  });
});

describe("futures", () => {
  it("are polled through every way of saying not yet", async () => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    fake.polls.push(
      { status: 408, json: { type: "try_again" } },
      { json: { type: "try_again", request_id: "r", queue_state: "active" } },
      { status: 500, text: "Internal Server Error" },
    );
    await expect(client.optimStep(ADAM)).resolves.toEqual({ "grad_norm:mean": 1 });
  });

  it.each([
    ["SkyRL's detail", { status: 400, json: { detail: "Loss functions ['gspo'] are not supported" } }, "['gspo']"],
    ["the hosted error", { json: { error: "bad datum 3", category: "user" } }, "bad datum 3"],
    ["pydantic's list", { status: 422, json: { detail: [{ loc: ["body", "x"], msg: "Field required" }] } }, "x: Field"],
    ["a bare 500", { status: 500, text: "Internal Server Error" }, "without a reason (HTTP 500)"],
  ])("pass on the engine's own words: %s", async (_, reply, words) => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    fake.polls.push(reply, reply, reply);
    const error = await failure(client.forwardBackward([datum(1)], "cross_entropy"));
    expect(error.code).toBe("engine");
    expect(error.message).toContain(words);
    expect(error.message).toContain("forward_backward (cross_entropy)");
    expect(error.message).toContain("http://engine.test");
  });

  /** Each look at the clock is `ms` after the one before. */
  const ticking = async (ms: number): Promise<{ fake: FakeTinker; client: TrainingClient }> => {
    const fake = fakeTinker(OURS);
    let clock = 0;
    const now = (): number => {
      clock += ms;
      return clock;
    };
    const client = await (await connect(fake, undefined, { now })).train({ model: "base", rank: 0, seed: 0 });
    return { fake, client };
  };

  it("end at their deadline", async () => {
    const { fake, client } = await ticking(45_000);
    for (let i = 0; i < 90; i++) fake.polls.push({ status: 408, json: {} });
    expect((await failure(client.optimStep(ADAM))).message).toContain("no result of optim_step in 60 min");
    expect(fake.polls).toHaveLength(9);
  });

  it("don't count the hours in which the command was suspended", async () => {
    const { fake, client } = await ticking(20 * 3_600_000);
    for (let i = 0; i < 30; i++) fake.polls.push({ status: 408, json: {} });
    await expect(client.optimStep(ADAM)).resolves.toEqual({ "grad_norm:mean": 1 });
  });
});

describe("broken connections", () => {
  const reset = (): Error =>
    new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
  const refused = (): Error =>
    new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });

  it("a gradient or an optimizer step is never sent twice", async () => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    fake.breaks.forward_backward = [reset()];
    fake.breaks.optim_step = [reset()];
    expect((await failure(client.forwardBackward([datum(1)], "cross_entropy"))).message).toContain("can't be reached");
    expect((await failure(client.optimStep(ADAM))).message).toContain("reset");
  });

  it("what was never sent, and every poll, is sent again", async () => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    fake.breaks.forward_backward = [refused(), refused()];
    fake.breaks.retrieve_future = [reset(), reset()];
    await expect(client.forwardBackward([datum(1)], "cross_entropy")).resolves.toMatchObject({ outputs: [{}] });
  });

  it("a dead engine's last words take the place of the broken connection", async () => {
    const fake = fakeTinker(OURS);
    const died = new AbortController();
    const engine = await connectEngine({
      url: "http://engine.test",
      fetch: fake.fetch,
      lost: died.signal,
      every: () => () => {},
      sleep: async (_, signal) => {
        if (signal !== undefined) died.abort(new TagprError("engine", "the engine stopped (signal SIGKILL)"));
      },
    });
    const client = await engine.train({ model: "base", rank: 0, seed: 0 });
    fake.breaks.retrieve_future = [reset()];
    expect((await failure(client.optimStep(ADAM))).message).toBe("the engine stopped (signal SIGKILL)");
    expect((await failure(client.optimStep(ADAM))).message).toBe("the engine stopped (signal SIGKILL)");
  });
});

describe("a request that something on the way dropped", () => {
  const silent = (path: string): { fake: FakeTinker; engine: () => Promise<Engine> } => {
    const fake = fakeTinker(OURS);
    const never: FakeTinker["fetch"] = (url, init) =>
      url.endsWith(path)
        ? new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)))
        : fake.fetch(url, init);
    return { fake, engine: () => connectEngine({ url: "http://engine.test", fetch: never, sleep, deadlineMs: 20 }) };
  };

  it("doesn't wait for ever, nor is a gradient sent again", async () => {
    const { engine } = silent("/forward_backward");
    const client = await (await engine()).train({ model: "base", rank: 8, seed: 1 });
    const error = await failure(client.forwardBackward([datum(1, 2)], "cross_entropy"));
    expect(error.message).toContain("gave no answer to /api/v1/forward_backward in 1 min");
  });

  it("is asked for again when it was a poll, up to its deadline", async () => {
    const { engine } = silent("/retrieve_future");
    const error = await failure((await engine()).train({ model: "base", rank: 8, seed: 1 }));
    expect(error.message).toContain("gave no result of create_model");
  });
});
