import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import type { Cell } from "@/api/types";
import { ScratchpadView } from "@/features/scratchpads/ScratchpadView";
import { inApp } from "./inApp";

let cells: Cell[] = [];
const asked: string[] = [];

const cellOf = (id: string, content: string, type: Cell["type"] = "code"): Cell => ({
  id,
  type,
  content,
  language: type === "code" ? "python" : null,
  status: type === "code" ? "pending" : "success",
  error: null,
  index: 0,
});

const json = (body: unknown) =>
  new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });

function answer(method: string, path: string, body: unknown): Response {
  if (method !== "GET") asked.push(`${method} ${path}${body ? ` ${JSON.stringify(body)}` : ""}`);
  const [, id] = /\/cells\/([^/]+)$/.exec(path) ?? [];
  if (method === "POST" && path.endsWith("/cells")) {
    const made = {
      ...cellOf(`made_${asked.length}`, ""),
      index: cells.length,
      ...(body as Partial<Cell>),
    };
    cells = cells.toSpliced(made.index, 0, made);
    return json(made);
  }
  if (method === "DELETE") {
    cells = cells.filter((cell) => cell.id !== id);
    return new Response(null, { status: 204 });
  }
  if (method === "PATCH" && id) {
    cells = cells.map((cell) => (cell.id === id ? { ...cell, ...(body as Partial<Cell>) } : cell));
    return json(cells.find((cell) => cell.id === id));
  }
  if (path.endsWith("/kernel")) return json({ state: "none", running: [], idle_since: null });
  if (path.includes("/conversations/")) return json({ id: "conv_1", title: "Sales" });
  return json({
    id: "sp_1",
    conversation_id: "conv_1",
    title: "Second quarter",
    saved: false,
    artifact_id: null,
    cells,
  });
}

beforeEach(() => {
  localStorage.clear();
  asked.length = 0;
  cells = [cellOf("one", "1"), cellOf("two", "2"), cellOf("three", "Three", "markdown")];
  vi.stubGlobal("fetch", async (input: Request | URL | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const text = await request.text();
    return answer(request.method, new URL(request.url).pathname.slice(7), text ? JSON.parse(text) : null);
  });
});

async function shown() {
  await inApp({ "/scratchpads/$scratchpadId": ScratchpadView }, "/scratchpads/sp_1");
  const first = await screen.findByRole("group", { name: "Code cell 1, not run" });
  first.focus();
  return userEvent.setup({ delay: null });
}

const labels = () =>
  screen.getAllByRole("listitem").map((item) => item.firstElementChild?.getAttribute("aria-label"));
const focused = () => document.activeElement?.getAttribute("aria-label");

test("cells are walked through by J, K and the arrows, and one alone is in the order of Tab", async () => {
  const user = await shown();
  await user.keyboard("j");
  expect(focused()).toBe("Code cell 2, not run");
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(focused()).toBe("Markdown cell 3");
  await user.keyboard("k{Home}");
  expect(focused()).toBe("Code cell 1, not run");
  const inOrder = screen
    .getAllByRole("listitem")
    .map((item) => item.firstElementChild?.getAttribute("tabindex"));
  expect(inOrder).toEqual(["0", "-1", "-1"]);
});

test("cells are added above and below, made prose, deleted and put back", async () => {
  const user = await shown();
  await user.keyboard("b");
  expect(focused()).toBe("Code cell 2, not run");
  await user.keyboard("m");
  await waitFor(() => expect(focused()).toBe("Markdown cell 2"));
  await user.keyboard("a");
  expect(labels()).toEqual([
    "Code cell 1, not run",
    "Code cell 2, not run",
    "Markdown cell 3",
    "Code cell 4, not run",
    "Markdown cell 5",
  ]);
  await user.keyboard("dd{Home}dd");
  expect(labels()).toEqual(["Markdown cell 1", "Code cell 2, not run", "Markdown cell 3"]);
  expect(focused()).toBe("Markdown cell 1");
  await user.keyboard("z");
  expect(focused()).toBe("Code cell 1, not run");
  await waitFor(() => expect(cells.map(({ content }) => content)).toEqual(["1", "", "2", "Three"]));
});

test("a copy is pasted below, a cut cell is gone", async () => {
  const user = await shown();
  await user.keyboard("cjv");
  await waitFor(() => expect(cells.map(({ content }) => content)).toEqual(["1", "2", "1", "Three"]));
  await user.keyboard("{Home}x{End}v");
  await waitFor(() => expect(cells.map(({ content }) => content)).toEqual(["2", "1", "Three", "1"]));
});

test("what is typed in a field, or on a button, is no key of command mode", async () => {
  const user = await shown();
  await user.click(screen.getByRole("button", { name: "Rename the notebook" }));
  await user.keyboard("bad{Enter}");
  await waitFor(() => expect(asked).toContain('PATCH /scratchpads/sp_1 {"title":"bad"}'));
  expect(labels()).toHaveLength(3);
  screen.getByRole("button", { name: "Run cell 1" }).focus();
  await user.keyboard("bdd");
  expect(labels()).toHaveLength(3);
});

test("the keys are listed by a question mark, and the focus comes back", async () => {
  const user = await shown();
  await user.keyboard("?");
  expect(await screen.findByRole("dialog", { name: "Keys in a notebook" })).toBeVisible();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(focused()).toBe("Code cell 1, not run"));
});
