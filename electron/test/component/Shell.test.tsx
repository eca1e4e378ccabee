import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newQueryClient } from "@/api/queryClient";
import type { Artifact } from "@/api/types";
import { ArtifactDeeds } from "@/features/artifacts/ArtifactDeeds";
import { AboutSection } from "@/features/settings/AboutSection";
import { useFrameCommands } from "@/frame/useFrameCommands";
import { useShell } from "@/frame/useShell";
import { useCommandList } from "@/hooks/commands";
import { useLeaveGuard } from "@/hooks/useLeaveGuard";
import { SHARED_COMMANDS } from "../../src/shared/commands";
import { inApp } from "./inApp";
import { FakeShell } from "./fakeShell";

let shell: FakeShell;
const openPalette = vi.fn();

beforeEach(() => {
  shell = new FakeShell();
  window.cowork = shell;
  openPalette.mockReset();
});
afterEach(() => {
  delete window.cowork;
});

function Frame() {
  useFrameCommands({ openPalette, toggleSidebar: () => undefined });
  useShell();
  return null;
}

function Unsaved() {
  useLeaveGuard(true, "this skill");
  return <Frame />;
}

const VIEWS = {
  "/": Frame,
  "/skills": Frame,
  "/settings": Frame,
  "/schedules/new": Frame,
  "/tasks/$conversationId": Frame,
};

describe("in the desktop shell the page", () => {
  test("says once that it hears commands and paths, and hears no more when it is gone", async () => {
    await inApp(VIEWS);
    expect([shell.readies, shell.listening]).toEqual([1, 2]);
    cleanup();
    expect(shell.listening).toBe(0);
  });

  test("does what was chosen in the menu", async () => {
    const router = await inApp(VIEWS);
    shell.command("palette");
    expect(openPalette).toHaveBeenCalledOnce();
    shell.command("go.skills");
    await waitFor(() => expect(router.state.location.href).toBe("/skills"));
    shell.command("schedule.new");
    await waitFor(() => expect(router.state.location.href).toBe("/schedules/new"));
    shell.command("task.new");
    await waitFor(() => expect(router.state.location.href).toBe("/"));
  });

  test("does nothing for a command that there is not", async () => {
    const router = await inApp(VIEWS);
    shell.command("go.nowhere");
    shell.command("");
    expect([router.state.location.href, openPalette.mock.calls]).toEqual(["/", []]);
  });

  test("shows the path of a link, with what stands behind it, and no path twice", async () => {
    const router = await inApp(VIEWS);
    for (let n = 0; n < 2; n++) {
      shell.show("/tasks/conv_1?item=msg_2");
      await waitFor(() => expect(router.state.location.href).toBe("/tasks/conv_1?item=msg_2"));
    }
    router.history.back();
    await waitFor(() => expect(router.state.location.href).toBe("/"));
  });

  test.each([
    "//example.com/tasks",
    "/\\example.com",
    "https://example.com/",
    "javascript:alert(1)",
    "tasks",
    "",
  ])("goes nowhere for %j", async (path) => {
    const router = await inApp(VIEWS);
    shell.show(path);
    await Promise.resolve();
    expect([router.state.location.href, router.history.length]).toEqual(["/", 1]);
  });

  test("asks before it leaves what is not saved", async () => {
    const router = await inApp({ ...VIEWS, "/": Unsaved });
    shell.show("/settings");
    await userEvent.click(await screen.findByRole("button", { name: "Cancel" }));
    expect(router.state.location.href).toBe("/");
    shell.show("/settings");
    await userEvent.click(await screen.findByRole("button", { name: "Leave" }));
    await waitFor(() => expect(router.state.location.href).toBe("/settings"));
  });

  test("has every command that the menu lists, under the title and shortcut that it has there", async () => {
    const listed: unknown[] = [];
    function Listing() {
      listed.push(...useCommandList());
      return <Frame />;
    }
    await inApp({ "/": Listing });
    for (const command of SHARED_COMMANDS.filter(({ id }) => id !== "theme"))
      expect(listed).toContainEqual(expect.objectContaining(command));
    expect(listed).toContainEqual(expect.objectContaining({ id: "theme", group: "Actions" }));
  });
});

test("in a browser there is no shell, and the page does without", async () => {
  delete window.cowork;
  await inApp(VIEWS);
  expect([shell.readies, shell.listening]).toEqual([0, 0]);
});

describe("the settings", () => {
  const health = { version: "0.1.0", secrets: "keyring", schema_version: 15 };
  const about = () =>
    render(
      <QueryClientProvider client={newQueryClient()}>
        <AboutSection />
      </QueryClientProvider>,
    );
  beforeEach(() => void vi.stubGlobal("fetch", () => Promise.resolve(Response.json(health))));

  test("tell the shell's version, and where scripts find the token", async () => {
    about();
    expect((await screen.findByText("Desktop app")).nextSibling).toHaveTextContent("9.8.7");
    expect(screen.getByText(/menu Help → Copy the API’s token/)).toBeVisible();
  });

  test("tell neither in a browser", async () => {
    delete window.cowork;
    about();
    expect(await screen.findByText("0.1.0")).toBeVisible();
    expect(screen.queryByText("Desktop app")).toBeNull();
    expect(screen.queryByText(/token/)).toBeNull();
  });
});

describe("an artifact", () => {
  const artifact = { id: "art_1", title: "Sales" } as Artifact;
  const menu = async () => {
    await inApp({ "/": () => <ArtifactDeeds artifact={artifact} serveUrl="http://art.localhost/" /> });
    await userEvent.click(screen.getByRole("button", { name: "More" }));
    return (await screen.findAllByRole("menuitem")).map(({ textContent }) => textContent);
  };

  test("opens in a window alone, as the shell has no tabs", async () => {
    expect(await menu()).toEqual(["Rename", "Export as zip", "Delete"]);
  });

  test("opens in a tab of a browser, too", async () => {
    delete window.cowork;
    expect(await menu()).toEqual(["Rename", "Open in a tab", "Export as zip", "Delete"]);
  });
});
