// @vitest-environment node
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ServerApi } from "../../../src/main/serverApi";
import { followCommands } from "../../../src/main/shellCommands";
import type { OpenArtifact } from "@/api/types";
import { json, LocalServer, refusal, Stream } from "./localServer";
import { linesOf, temporaryLog } from "./temporary";

const TYPE = "shell.open_artifact";

const command = (id: string): OpenArtifact => ({
  type: TYPE,
  sequence_number: 0,
  command_id: id,
  artifact_id: `art_${id}`,
  title: "Chart",
  url: `http://art-${id}.localhost:4321/`,
});

type Open = (command: OpenArtifact) => Promise<boolean> | boolean;

async function stage(open: Open = () => true, prepare?: (server: LocalServer) => void) {
  const server = await LocalServer.begin();
  const stream = new Stream();
  const log = temporaryLog();
  const opened = vi.fn(open);
  server.answers.set("/shell/commands", stream.answer);
  for (const id of ["one", "two", "three"]) {
    server.answers.set(`/shell/commands/${id}/acknowledge`, (response) => response.writeHead(204).end());
  }
  prepare?.(server);
  const api = new ServerApi(server.running);
  onTestFinished(() => api.close());
  const followed = followCommands(api, opened, log);
  const connected = (times = 1) =>
    vi.waitFor(() => expect(stream.all).toHaveLength(times), { timeout: 3_000, interval: 5 });
  /** What was acknowledged, in order. */
  const acknowledged = (...want: [string, boolean][]) =>
    vi.waitFor(
      () => {
        const told = server.asked.filter(({ method }) => method === "POST");
        const found = told.map(({ path, body }) => [path.split("/")[3], JSON.parse(body) as unknown]);
        expect(found).toEqual(want.map(([id, done]) => [id, { done }]));
      },
      { timeout: 3_000, interval: 5 },
    );
  return { server, stream, log, opened, api, followed, connected, acknowledged };
}

describe("what the server asks the shell for", () => {
  it("is done, and acknowledged once", async () => {
    const { stream, opened, connected, acknowledged, log } = await stage();
    await connected();
    stream.say(TYPE, command("one"));
    await acknowledged(["one", true]);
    stream.say(TYPE, command("two"));
    await acknowledged(["one", true], ["two", true]);
    expect(opened.mock.calls).toEqual([[command("one")], [command("two")]]);
    expect(linesOf(log)).toEqual([]);
  });

  it.each<[string, Open, string[]]>([
    ["could not be done", () => false, []],
    ["could not be done after a while", () => Promise.resolve(false), []],
    [
      "failed",
      () => {
        throw new Error("No window.");
      },
      ["art_one cannot be shown: Error: No window."],
    ],
    [
      "failed after a while",
      () => Promise.reject(new Error("No page.")),
      ["art_one cannot be shown: Error: No page."],
    ],
  ])("is acknowledged as not done where it %s", async (_, open, lines) => {
    const { stream, connected, acknowledged, log } = await stage(open);
    await connected();
    stream.say(TYPE, command("one"));
    await acknowledged(["one", false]);
    expect(linesOf(log)).toEqual(lines);
  });

  it("is not held up by what takes long", async () => {
    let finish: (isDone: boolean) => void = () => undefined;
    const { stream, connected, acknowledged } = await stage(({ command_id }) =>
      command_id === "one" ? new Promise((resolve) => (finish = resolve)) : true,
    );
    await connected();
    stream.say(TYPE, command("one"));
    stream.say(TYPE, command("two"));
    await acknowledged(["two", true]);
    finish(true);
    await acknowledged(["two", true], ["one", true]);
  });

  it("is read though it arrives in pieces, with others that mean nothing", async () => {
    const { stream, connected, acknowledged, opened } = await stage();
    await connected();
    stream.write(": keep-alive\n\nevent: shell.other\ndata: {}\n\nevent: shell.open_");
    stream.write(`artifact\ndata: ${JSON.stringify(command("one"))}`);
    stream.write(`\n\nevent: ${TYPE}\ndata: ${JSON.stringify(command("two"))}\n\n`);
    await acknowledged(["one", true], ["two", true]);
    expect(opened).toHaveBeenCalledTimes(2);
  });

  it("goes on where the server does not want to know of it any more", async () => {
    const { stream, connected, acknowledged, log } = await stage(undefined, ({ answers }) =>
      answers.set("/shell/commands/one/acknowledge", refusal(404, "not_found")),
    );
    await connected();
    stream.say(TYPE, command("one"));
    await vi.waitFor(() => expect(linesOf(log)).toEqual(["shell command one: ApiError: Words."]));
    stream.say(TYPE, command("two"));
    await acknowledged(["one", true], ["two", true]);
  });
});

describe("the connection", () => {
  it("is made again after a cut", async () => {
    const { stream, connected, acknowledged } = await stage();
    await connected();
    stream.cut();
    await connected(2);
    stream.say(TYPE, command("one"));
    await acknowledged(["one", true]);
  });

  it("is made again where a command cannot be read", async () => {
    const { stream, connected, acknowledged, log } = await stage();
    await connected();
    stream.write(`event: ${TYPE}\ndata: {\n\n`);
    await connected(2);
    stream.say(TYPE, command("one"));
    await acknowledged(["one", true]);
    expect(linesOf(log)).toEqual([expect.stringMatching(/^shell commands: SyntaxError: /)]);
  });

  it("is made again where the server is in trouble", async () => {
    const { server, stream, connected, log } = await stage(undefined, ({ answers }) =>
      answers.set("/shell/commands", refusal(503, "unavailable")),
    );
    await vi.waitFor(() => expect(linesOf(log)).toEqual(["shell commands: ApiError: Words."]));
    server.answers.set("/shell/commands", stream.answer);
    await connected();
  });

  it.each([401, 403, 404])("is not made again where the server refuses it with %i", async (status) => {
    const { server, followed, log } = await stage(undefined, ({ answers }) =>
      answers.set("/shell/commands", refusal(status, "refused")),
    );
    await followed;
    expect(server.asked).toHaveLength(1);
    expect(linesOf(log)).toEqual(["shell commands: ApiError: Words."]);
  });

  it("is not followed where the answer is no stream", async () => {
    const { followed, log } = await stage(undefined, ({ answers }) =>
      answers.set("/shell/commands", json({ is_connected: false })),
    );
    await followed;
    expect(linesOf(log)).toEqual(["shell commands: ApiError: The server's answer is no stream of events."]);
  });

  it.each<[string, (stream: Stream) => void]>([
    ["while it is there", () => undefined],
    ["while it is waited for", (stream) => stream.cut()],
  ])("ends quietly with the server's run, %s", async (_, before) => {
    const { server, stream, api, followed, connected, log } = await stage();
    await connected();
    before(stream);
    api.close();
    await followed;
    expect(server.asked).toHaveLength(1);
    expect(linesOf(log).filter((line) => !line.includes("terminated"))).toEqual([]);
  });
});
