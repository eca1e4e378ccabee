import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import CommandPalette from "@/features/search/CommandPalette";
import { inApp } from "./inApp";

const TITLES: Record<string, string[]> = {
  a: ["Accounts", "Apples", "Argentina"],
  ap: ["Apples", "Apricots"],
  apri: ["Apricots"],
};

const hit = (title: string) => ({
  kind: "conversation",
  id: `conv_${title}`,
  conversation_id: `conv_${title}`,
  title,
  snippet: [],
});

beforeEach(() => {
  vi.stubGlobal("fetch", (input: Request) => {
    const { pathname, searchParams } = new URL(input.url);
    const found = pathname.endsWith("/search") ? (TITLES[searchParams.get("q") ?? ""] ?? []) : [];
    const data = found.map(hit);
    return Promise.resolve(Response.json({ data, total: data.length, has_more: false, next_cursor: null }));
  });
});

async function shown() {
  const router = await inApp({
    "/": () => <CommandPalette onClose={() => undefined} />,
    "/tasks/$conversationId": () => null,
  });
  await userEvent.click(await screen.findByRole("combobox", { name: "Search and commands" }));
  return router;
}

const highlighted = () =>
  screen
    .getAllByRole("option")
    .filter((option) => option.getAttribute("aria-selected") === "true")
    .map((option) => option.textContent);

async function found(...titles: string[]): Promise<void> {
  const entries = titles.map((title) => `${title}Task`);
  await waitFor(() => {
    expect(screen.getAllByRole("option").map(({ textContent }) => textContent)).toEqual(entries);
  });
}

describe("the command palette", () => {
  test("highlights the first of what is found, however the results replace each other", async () => {
    const router = await shown();
    await userEvent.keyboard("a");
    await found("Accounts", "Apples", "Argentina");
    expect(highlighted()).toEqual(["AccountsTask"]);
    await userEvent.keyboard("p");
    await found("Apples", "Apricots");
    expect(highlighted()).toEqual(["ApplesTask"]);
    await userEvent.keyboard("{ArrowDown}");
    expect(highlighted()).toEqual(["ApricotsTask"]);
    await userEvent.keyboard("{Backspace}");
    await found("Accounts", "Apples", "Argentina");
    expect(highlighted()).toEqual(["AccountsTask"]);
    await userEvent.keyboard("{ArrowDown}{ArrowDown}pri");
    await found("Apricots");
    expect(highlighted()).toEqual(["ApricotsTask"]);
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(router.state.location.pathname).toBe("/tasks/conv_Apricots"));
  });
});
