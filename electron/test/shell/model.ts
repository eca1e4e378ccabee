/** A Messages API on loopback that does what the message says: `slow`, `ask`, `artifact <html>`; else it says a word. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

type Block = { type: "text"; text: string } | { type: "tool_use"; name: string; input: unknown };

interface Asked {
  messages: { role: string; content: string | { type: string; text?: string }[] }[];
  stream?: boolean;
  tools?: unknown[];
}

const USAGE = { input_tokens: 10, output_tokens: 5 };
const MESSAGE = { id: "msg_1", type: "message", role: "assistant", model: "test", content: [], usage: USAGE };
/** A minute of words, which no test waits for. */
const SLOW = { words: 1200, milliseconds: 50 };

export interface TestModel {
  url: string;
  close: () => Promise<void>;
}

export async function startModel(): Promise<TestModel> {
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => (body += bytes.toString()));
    request.on("end", () => void answer(JSON.parse(body) as Asked, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(asked: Asked, response: ServerResponse): Promise<void> {
  const said = lastWords(asked);
  // A title, say, is asked for without tools, and not as a stream.
  if (!asked.stream) {
    response.setHeader("Content-Type", "application/json");
    const content = [{ type: "text", text: "A title" }];
    response.end(JSON.stringify({ ...MESSAGE, content, stop_reason: "end_turn", stop_sequence: null }));
    return;
  }
  response.setHeader("Content-Type", "text/event-stream");
  send(response, "message_start", { message: { ...MESSAGE, stop_reason: null, stop_sequence: null } });
  const block = blockFor(asked, said);
  if (block.type === "tool_use") sendTool(response, block);
  else
    await sendText(
      response,
      block.text,
      asked.tools && said.startsWith("slow") ? SLOW : { words: 1, milliseconds: 0 },
    );
  const reason = block.type === "tool_use" ? "tool_use" : "end_turn";
  send(response, "message_delta", { delta: { stop_reason: reason, stop_sequence: null }, usage: USAGE });
  send(response, "message_stop", {});
  response.end();
}

function blockFor(asked: Asked, said: string): Block {
  if (!asked.tools || said === "") return { type: "text", text: "Well done. " };
  if (said.startsWith("ask")) {
    return {
      type: "tool_use",
      name: "ask_user",
      input: { question: "Which of the two?", options: ["A", "B"] },
    };
  }
  if (said.startsWith("artifact ")) {
    const files = [{ path: "index.html", content: said.slice("artifact ".length) }];
    return { type: "tool_use", name: "create_artifact", input: { title: "A board", type: "app", files } };
  }
  return { type: "text", text: "word " };
}

/** What the user said last; "" where a tool has answered since. */
function lastWords({ messages }: Asked): string {
  const content = messages.at(-1)?.content ?? "";
  if (typeof content === "string") return content;
  if (content.some(({ type }) => type === "tool_result")) return "";
  return content.map(({ text }) => text ?? "").find((text) => /^(slow|ask|artifact)\b/.test(text)) ?? "hello";
}

function sendTool(response: ServerResponse, { name, input }: Block & { type: "tool_use" }): void {
  const start = { type: "tool_use", id: `toolu_${Date.now()}`, name, input: {} };
  send(response, "content_block_start", { index: 0, content_block: start });
  send(response, "content_block_delta", {
    index: 0,
    delta: { type: "input_json_delta", partial_json: JSON.stringify(input) },
  });
  send(response, "content_block_stop", { index: 0 });
}

async function sendText(
  response: ServerResponse,
  word: string,
  { words, milliseconds }: typeof SLOW,
): Promise<void> {
  send(response, "content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  for (let count = 0; count < words && !response.destroyed; count += 1) {
    send(response, "content_block_delta", { index: 0, delta: { type: "text_delta", text: word } });
    if (milliseconds > 0) await wait(milliseconds);
  }
  send(response, "content_block_stop", { index: 0 });
}

function send(response: ServerResponse, type: string, fields: object): void {
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
}
