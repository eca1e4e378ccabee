import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Composer } from "@/features/conversations/Composer";
import { sendNext } from "@/hooks/useQueueSender";
import { enqueue, holdQueue, readQueue } from "@/state/queue";
import { inApp } from "./inApp";

const SKILLS = [
  { id: "skill_1", name: "clean-table", description: "Cleans a table" },
  { id: "skill_2", name: "weekly-report", description: "Writes the report" },
];
const page = (data: unknown[]) => ({ data, total: data.length, has_more: false });
const RESPONSE = { id: "resp_1", conversation_id: "conv_1" };

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

const begun = () => {
  const event = { type: "response.created", sequence_number: 0, response_id: "resp_1", response: RESPONSE };
  return new Response(`id: 0\nevent: response.created\ndata: ${JSON.stringify(event)}\n\n`, {
    headers: { "Content-Type": "text/event-stream" },
  });
};

const refused = (status: number, type: string, message: string) => () =>
  json({ error: { type, message, param: null, request_id: "req_1" } }, status);

/** What was sent, and the answer to the next. */
const sent: Record<string, unknown>[] = [];
let answer: () => Response = begun;

beforeEach(() => {
  localStorage.clear();
  sent.length = 0;
  answer = begun;
  vi.stubGlobal("fetch", async (input: Request | URL | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/skills")) return json(page(SKILLS));
    if (pathname.endsWith("/models")) return json(page([]));
    if (pathname.endsWith("/health")) return json({ model_configured: false });
    if (pathname.endsWith("/settings")) return json({ files: { largest_bytes: 1000 } });
    if (pathname.endsWith("/responses")) {
      sent.push((await request.json()) as Record<string, unknown>);
      return answer();
    }
    return json({});
  });
});

async function shown(runningResponseId: string | null = null) {
  const onSent = vi.fn();
  await inApp({
    "/": () => (
      <Composer
        conversationId="conv_1"
        projectId={null}
        runningResponseId={runningResponseId}
        onSent={onSent}
      />
    ),
  });
  const box = await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
  await userEvent.click(box);
  return { box, onSent };
}

const waiting = () => readQueue("conv_1").messages.map(({ text }) => text);

describe("the composer", () => {
  test("sends with Enter, and is empty then", async () => {
    const { box, onSent } = await shown();
    await userEvent.keyboard("one{Shift>}{Enter}{/Shift}two{Enter}");
    await waitFor(() => expect(onSent).toHaveBeenCalledWith("resp_1"));
    expect(sent).toEqual([{ conversation_id: "conv_1", input: "one\ntwo", stream: true }]);
    await waitFor(() => expect(box.value).toBe(""));
  });

  test("breaks a line with Enter in a fence, and sends from it with Ctrl", async () => {
    const { box, onSent } = await shown();
    await userEvent.keyboard("```python{Enter}1 + 1");
    expect(box.value).toBe("```python\n1 + 1");
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(() => expect(onSent).toHaveBeenCalled());
  });

  test("does not send what is blank", async () => {
    await shown();
    await userEvent.keyboard("  {Enter}");
    expect(sent).toEqual([]);
  });

  test("keeps what could not be sent, and says what to press", async () => {
    answer = refused(500, "internal", "The disk is full.");
    const { box } = await shown();
    await userEvent.keyboard("one{Enter}");
    expect((await screen.findByRole("alert")).textContent).toBe(
      "Not sent: The disk is full. Your message is kept; press Send to try again.",
    );
    expect(box.value).toBe("one");
    answer = begun;
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    await waitFor(() => expect(box.value).toBe(""));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("chooses a skill with a slash and the keyboard", async () => {
    const { box, onSent } = await shown();
    await userEvent.keyboard("/");
    const list = await screen.findByRole("listbox", { name: "Skills" });
    const [first, second] = within(list).getAllByRole("option");
    expect(box.getAttribute("aria-activedescendant")).toBe(first?.id);
    await userEvent.keyboard("{ArrowDown}");
    expect(box.getAttribute("aria-activedescendant")).toBe(second?.id);
    await userEvent.keyboard("{Enter}");
    expect(screen.queryByRole("listbox")).toBeNull();
    await userEvent.keyboard("now{Enter}");
    await waitFor(() => expect(onSent).toHaveBeenCalled());
    expect(sent[0]).toMatchObject({ input: "now", skill_ids: ["skill_2"] });
  });

  test("closes the list of skills with Escape, and keeps the text", async () => {
    const { box } = await shown();
    await userEvent.keyboard("/cle");
    await screen.findByRole("option", { name: /clean-table/ });
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("listbox")).toBeNull();
    expect(box.value).toBe("/cle");
  });

  test("refuses a file that is too large before it is sent", async () => {
    await shown();
    await screen.findByRole("button", { name: /up to 1.0 kB each/ });
    await userEvent.upload(
      screen.getByLabelText("Files to attach"),
      new File(["x".repeat(2000)], "large.csv"),
    );
    expect((await screen.findByRole("alert")).textContent).toBe(
      "It has 2.0 kB; files may have 1.0 kB at most.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Remove large.csv" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("while a turn runs", () => {
  test("messages wait, can be removed, and come back with the key up", async () => {
    const { box } = await shown("resp_0");
    await userEvent.keyboard("one{Enter}two{Enter}three{Enter}");
    await waitFor(() => expect(waiting()).toEqual(["one", "two", "three"]));
    await userEvent.click(screen.getByRole("button", { name: "Remove “two”" }));
    await userEvent.click(box);
    await userEvent.keyboard("{ArrowUp}");
    await waitFor(() => expect(box.value).toBe("three"));
    expect(waiting()).toEqual(["one"]);
    expect(sent).toEqual([]);
  });

  test("it can be stopped, and sending is offered once there is something to send", async () => {
    await shown("resp_0");
    expect(screen.getByRole("button", { name: "Stop" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Send/ })).toBeNull();
    await userEvent.keyboard("next");
    expect(screen.getByRole("button", { name: "Send when this turn ends" })).toBeTruthy();
  });

  test("that another window began, the message waits", async () => {
    answer = refused(409, "conflict", "A turn runs.");
    const { box } = await shown();
    await userEvent.keyboard("one{Enter}");
    await waitFor(() => expect(waiting()).toEqual(["one"]));
    expect(box.value).toBe("");
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("what waits", () => {
  const message = (text: string) => ({ text, files: [], skills: [], model: "claude-a" });

  beforeEach(() => {
    enqueue("conv_1", message("one"));
    enqueue("conv_1", message("two"));
  });

  test("is sent one by one, in order", async () => {
    const onSent = vi.fn();
    expect(await sendNext("conv_1", onSent)).toBe("sent");
    expect(sent).toEqual([{ conversation_id: "conv_1", input: "one", model: "claude-a", stream: true }]);
    expect(onSent).toHaveBeenCalledWith(RESPONSE);
    expect(waiting()).toEqual(["two"]);
  });

  test("goes on waiting while a turn runs", async () => {
    answer = refused(409, "conflict", "A turn runs.");
    expect(await sendNext("conv_1", vi.fn())).toBe("busy");
    expect(waiting()).toEqual(["one", "two"]);
  });

  test("is held where it is refused, and says why", async () => {
    answer = refused(422, "invalid_request", "There is no such file.");
    expect(await sendNext("conv_1", vi.fn())).toBe("held");
    expect(readQueue("conv_1").hold).toBe("There is no such file.");
    await shown();
    expect(screen.getByText("Not sent yet: There is no such file.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Send now" }));
    expect(readQueue("conv_1").hold).toBeUndefined();
  });

  test("is not sent while it is held", async () => {
    holdQueue("conv_1", "The turn before has failed.");
    expect(await sendNext("conv_1", vi.fn())).toBe("held");
    expect(sent).toEqual([]);
  });

  test("goes with its task", async () => {
    answer = refused(404, "not_found", "There is no such conversation.");
    await sendNext("conv_1", vi.fn());
    expect(waiting()).toEqual([]);
  });
});
