// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import { ServerApi } from "../../../src/main/serverApi";
import { json, LocalServer, refusal, Stream, TOKEN } from "./localServer";

async function stage() {
  const server = await LocalServer.begin();
  return { server, api: new ServerApi(server.running) };
}

describe("a call", () => {
  it("shows the token, and gives the answer", async () => {
    const { server, api } = await stage();
    server.answers.set("/things", json({ data: [1] }));
    expect(await api.get("/things?limit=1")).toEqual({ data: [1] });
    expect(server.asked).toEqual([
      { method: "GET", path: "/things?limit=1", authorization: `Bearer ${TOKEN}`, body: "" },
    ]);
  });

  it("sends JSON, and takes an answer without a body", async () => {
    const { server, api } = await stage();
    server.answers.set("/things", (response) => response.writeHead(204).end());
    await api.post("/things", { done: true });
    expect(server.asked).toEqual([
      { method: "POST", path: "/things", authorization: `Bearer ${TOKEN}`, body: '{"done":true}' },
    ]);
  });

  it.each(["get", "post"] as const)("says why it was refused (%s)", async (how) => {
    const { server, api } = await stage();
    server.answers.set("/things", refusal(409, "conflict"));
    await expect(api[how]("/things", {})).rejects.toMatchObject({
      name: "ApiError",
      status: 409,
      type: "conflict",
      message: "Words.",
      requestId: "req_1",
    });
  });

  it("says so where what refused has no words", async () => {
    const { server, api } = await stage();
    server.answers.set("/things", (response) => response.writeHead(502).end("<p>"));
    const want = { name: "ApiError", status: 502, message: "The server answered with status 502." };
    await expect(api.get("/things")).rejects.toMatchObject(want);
  });
});

describe("a stream", () => {
  it("says behind which event it is to go on", async () => {
    const { server, api } = await stage();
    const stream = new Stream();
    server.answers.set("/events", stream.answer);
    const response = await api.stream("/events", "inst_1:7");
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    expect(server.asked).toEqual([
      { method: "GET", path: "/events", authorization: `Bearer ${TOKEN}`, lastEventId: "inst_1:7", body: "" },
    ]);
    await api.stream("/events");
    expect(server.asked[1]?.lastEventId).toBeUndefined();
    api.close();
  });

  it("ends with its own signal, and leaves the others", async () => {
    const { server, api } = await stage();
    server.answers.set("/events", new Stream().answer);
    const abort = new AbortController();
    const [one, other] = await Promise.all([
      api.stream("/events", null, abort.signal),
      api.stream("/events"),
    ]);
    abort.abort();
    await expect(one.text()).rejects.toThrow("aborted");
    expect(api.isOver()).toBe(false);
    api.close();
    await expect(other.text()).rejects.toThrow("aborted");
  });
});

describe("the end of the server's run", () => {
  it("ends what goes on, and lets nothing begin", async () => {
    const { server, api } = await stage();
    server.answers.set("/slow", () => undefined);
    server.answers.set("/events", new Stream().answer);
    const stream = await api.stream("/events", null, new AbortController().signal);
    const asked = [api.get("/slow"), api.post("/slow", {})];
    await vi.waitFor(() => expect(server.asked).toHaveLength(3));
    api.close();
    expect(api.isOver()).toBe(true);
    expect(api.signal.aborted).toBe(true);
    for (const call of [...asked, stream.text()]) await expect(call).rejects.toThrow("aborted");
    for (const call of [api.get("/slow"), api.post("/slow", {}), api.stream("/events")]) {
      await expect(call).rejects.toThrow("aborted");
    }
    expect(server.asked).toHaveLength(3);
  });
});
