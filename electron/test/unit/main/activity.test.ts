// @vitest-environment node
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { followActivity, type ActivityReader } from "../../../src/main/activity";
import { ServerApi } from "../../../src/main/serverApi";
import type { Approval, ServerEvent, TurnEnded } from "@/api/types";
import { json, LocalServer, refusal, Stream } from "./localServer";
import { linesOf, temporaryLog } from "./temporary";

const INSTANCE = "inst_1";
const ASKED_FOR = "/responses/in-flight-list";

const opened = (n = -1): ServerEvent => ({
  type: "stream.opened",
  sequence_number: n,
  instance_id: INSTANCE,
  is_complete: true,
});
const started = (n: number): ServerEvent => ({
  type: "turn.started",
  sequence_number: n,
  response_id: "resp_1",
  conversation_id: "conv_1",
});
const ended = (n: number, conversation = "conv_1"): TurnEnded => ({
  type: "turn.ended",
  sequence_number: n,
  response_id: "resp_1",
  conversation_id: conversation,
  status: "completed",
  error: null,
});
const asked = (n: number, status: Approval["status"]): ServerEvent & { approval: Approval } => ({
  type: "approval.changed",
  sequence_number: n,
  approval: { id: "appr_1", conversation_id: "conv_2", status } as Approval,
});
const changed = (n: number, more: object): ServerEvent =>
  ({
    type: "resource.changed",
    sequence_number: n,
    resource: "artifact",
    change: "deleted",
    id: "art_1",
    ...more,
  }) as ServerEvent;

async function stage(prepare?: (server: LocalServer) => void) {
  const server = await LocalServer.begin();
  const stream = new Stream();
  const log = temporaryLog();
  const reader = {
    onActivity: vi.fn<ActivityReader["onActivity"]>(),
    onEnded: vi.fn<ActivityReader["onEnded"]>(),
    onAsked: vi.fn<ActivityReader["onAsked"]>(),
    onArtifactDeleted: vi.fn<ActivityReader["onArtifactDeleted"]>(),
  };
  server.answers.set("/events", stream.answer);
  server.answers.set(ASKED_FOR, json({ data: [] }));
  server.answers.set("/approvals", json({ data: [], total: 0 }));
  server.answers.set("/conversations/conv_1", json({ title: "Report" }));
  server.answers.set("/conversations/conv_2", json({ title: null }));
  prepare?.(server);
  const api = new ServerApi(server.running);
  onTestFinished(() => api.close());
  const followed = followActivity(api, reader, log);
  const say = (...events: ServerEvent[]): void => {
    for (const event of events) stream.say(event.type, event, `${INSTANCE}:${event.sequence_number}`);
  };
  const soon = (check: () => void) => vi.waitFor(check, { timeout: 3_000, interval: 5 });
  const connected = (times = 1) => soon(() => expect(stream.all).toHaveLength(times));
  if (!prepare) await connected();
  return { server, stream, log, reader, api, followed, say, soon, connected };
}

describe("what goes on", () => {
  it("is told when the stream begins, with titles", async () => {
    const { server, reader, say, soon } = await stage();
    const data = ["conv_1", "conv_2", "conv_gone"].map((conversation_id) => ({ conversation_id }));
    server.answers.set(ASKED_FOR, json({ data }));
    server.answers.set("/approvals", json({ data: [{}], total: 3 }));
    say(opened());
    await soon(() => expect(reader.onActivity).toHaveBeenCalled());
    const running = [
      { conversationId: "conv_1", title: "Report" },
      { conversationId: "conv_2", title: "Untitled task" },
      { conversationId: "conv_gone", title: "Untitled task" },
    ];
    expect(reader.onActivity.mock.calls).toEqual([[{ running, asked: 3 }]]);
    expect(server.askedFor("/approvals")[0]?.path).toBe("/approvals?status=pending&limit=1");
  });

  it.each<[string, ServerEvent, number]>([
    ["a turn begins", started(0), 2],
    ["a turn ends", ended(0), 2],
    ["the user is asked", asked(0, "pending"), 2],
    ["the user has answered", asked(0, "allowed"), 2],
    ["something else was changed", changed(0, {}), 1],
  ])("is asked for anew when %s", async (_, event, times) => {
    const { server, reader, say, soon } = await stage();
    say(opened());
    await soon(() => expect(reader.onActivity).toHaveBeenCalledOnce());
    say(event, changed(1, { id: "art_last" }));
    await soon(() => expect(reader.onArtifactDeleted).toHaveBeenLastCalledWith("art_last"));
    await soon(() => expect(reader.onActivity).toHaveBeenCalledTimes(times));
    expect(server.askedFor(ASKED_FOR)).toHaveLength(times);
  });

  it("is asked for once more, however much happened while it was asked for", async () => {
    const { server, reader, say, soon } = await stage();
    const held: ServerResponse[] = [];
    server.answers.set(ASKED_FOR, (response) => held.push(response));
    say(opened());
    await soon(() => expect(held).toHaveLength(1));
    say(started(0), started(1), ended(2), changed(3, { id: "art_last" }));
    await soon(() => expect(reader.onArtifactDeleted).toHaveBeenCalled());
    server.answers.set(ASKED_FOR, json({ data: [{ conversation_id: "conv_1" }] }));
    held[0]?.writeHead(200).end('{"data": []}');
    await soon(() => expect(reader.onActivity).toHaveBeenCalledTimes(2));
    expect(server.askedFor(ASKED_FOR)).toHaveLength(2);
    expect(reader.onActivity.mock.calls.map(([{ running }]) => running.length)).toEqual([0, 1]);
  });

  it("is asked for again after what failed, where something happened meanwhile", async () => {
    const { server, reader, say, soon, log } = await stage();
    const held: ServerResponse[] = [];
    server.answers.set(ASKED_FOR, (response) => held.push(response));
    say(opened());
    await soon(() => expect(held).toHaveLength(1));
    say(started(0), changed(1, {}));
    await soon(() => expect(reader.onArtifactDeleted).toHaveBeenCalled());
    server.answers.set(ASKED_FOR, json({ data: [] }));
    held[0]?.writeHead(500).end();
    await soon(() => expect(reader.onActivity).toHaveBeenCalledOnce());
    expect(linesOf(log)).toEqual(["activity: ApiError: The server answered with status 500."]);
  });
});

describe("what is told one by one", () => {
  it("is the end of a turn, and what the user is asked, with the task's title", async () => {
    const { reader, say, soon } = await stage();
    const question = asked(1, "pending");
    say(opened(), ended(0), question, ended(2, "conv_gone"));
    await soon(() => expect(reader.onEnded).toHaveBeenCalledTimes(2));
    expect(reader.onEnded.mock.calls).toEqual([
      [ended(0), "Report"],
      [ended(2, "conv_gone"), "Untitled task"],
    ]);
    expect(reader.onAsked.mock.calls).toEqual([[question.approval, "Untitled task"]]);
  });

  it("is no question that has its answer", async () => {
    const { reader, say, soon } = await stage();
    const settled: Approval["status"][] = ["allowed", "denied", "expired"];
    say(opened(), ...settled.map((status, n) => asked(n, status)), ended(9));
    await soon(() => expect(reader.onEnded).toHaveBeenCalled());
    expect(reader.onAsked).not.toHaveBeenCalled();
  });

  it("is an artifact that was deleted, and nothing else that was changed", async () => {
    const { reader, say, soon } = await stage();
    const others = [{ change: "created" }, { change: "updated" }, { resource: "file" }, { id: null }];
    say(opened(), ...others.map((more, n) => changed(n, more)), changed(9, { id: "art_9" }));
    await soon(() => expect(reader.onArtifactDeleted.mock.calls).toEqual([["art_9"]]));
  });
});

describe("the connection", () => {
  it("is made again after a cut, and goes on behind the last event", async () => {
    const { server, reader, stream, say, soon, connected } = await stage();
    say(opened(), ended(0));
    await soon(() => expect(reader.onEnded).toHaveBeenCalledOnce());
    stream.cut();
    await connected(2);
    expect(server.askedFor("/events").map(({ lastEventId }) => lastEventId)).toEqual([
      undefined,
      `${INSTANCE}:0`,
    ]);
    say(opened(0), ended(0), ended(1));
    await soon(() => expect(reader.onEnded).toHaveBeenCalledTimes(2));
    expect(reader.onEnded.mock.calls.map(([{ sequence_number }]) => sequence_number)).toEqual([0, 1]);
  });

  it("is made again where the server is in trouble", async () => {
    const { server, stream, connected } = await stage(({ answers }) =>
      answers.set("/events", refusal(503, "unavailable")),
    );
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    server.answers.set("/events", stream.answer);
    await connected();
  });

  it.each([401, 403, 404])(
    "ends with one line of the log where the server refuses it with %i",
    async (status) => {
      const { server, followed, log, reader } = await stage(({ answers }) =>
        answers.set("/events", refusal(status, "refused")),
      );
      await followed;
      expect(server.asked).toHaveLength(1);
      expect(linesOf(log)).toEqual(["events: ApiError: Words."]);
      expect(reader.onActivity).not.toHaveBeenCalled();
    },
  );

  it.each<[string, (stream: Stream) => void]>([
    ["while it is there", () => undefined],
    ["while it is waited for", (stream) => stream.cut()],
  ])("ends quietly with the server's run, %s", async (_, before) => {
    const { server, stream, api, followed, log } = await stage();
    before(stream);
    api.close();
    await followed;
    expect(server.askedFor("/events")).toHaveLength(1);
    expect(linesOf(log)).toEqual([]);
  });

  it("tells nothing more of what was asked for when the run ends", async () => {
    const { server, api, followed, log, reader, say, soon } = await stage();
    server.answers.set(ASKED_FOR, () => undefined);
    say(opened());
    await soon(() => expect(server.askedFor(ASKED_FOR)).toHaveLength(1));
    api.close();
    await followed;
    expect(reader.onActivity).not.toHaveBeenCalled();
    expect(linesOf(log)).toEqual([]);
  });
});
