// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { MenuItemConstructorOptions } from "electron";
import type { Activity } from "../../../src/main/activity";
import { TrayMark, trayTemplate, trayWords } from "../../../src/main/tray";

const electron = vi.hoisted(() => ({
  image: { setTemplateImage: vi.fn() },
  tray: {
    on: vi.fn(),
    setToolTip: vi.fn(),
    setContextMenu: vi.fn(),
    isDestroyed: vi.fn(() => false),
    destroy: vi.fn(),
  },
  made: vi.fn(),
}));

vi.mock("electron", () => ({
  nativeImage: { createFromPath: (path: string) => ({ path, ...electron.image }) },
  Menu: { buildFromTemplate: (template: unknown) => template },
  Tray: function Tray(image: unknown) {
    electron.made(image);
    return electron.tray;
  },
}));

beforeEach(() => {
  vi.clearAllMocks();
  electron.tray.isDestroyed.mockReturnValue(false);
});

const activity = (titles: string[], asked = 0): Activity => ({
  running: titles.map((title, n) => ({ conversationId: `conv_${n}`, title })),
  asked,
});
const actions = () => ({ open: vi.fn(), show: vi.fn<(path: string) => void>(), quit: vi.fn() });
const labels = (items: MenuItemConstructorOptions[]) => items.map(({ type, label }) => label ?? type);
const press = (item: MenuItemConstructorOptions | undefined) => (item?.click as (() => void) | undefined)?.();

describe("what the mark says", () => {
  it.each<[Activity, string]>([
    [activity([]), "Cowork"],
    [activity(["a"]), "Cowork: 1 task runs"],
    [activity(["a", "b"]), "Cowork: 2 tasks run"],
    [activity([], 1), "Cowork: 1 question waits for you"],
    [activity([], 3), "Cowork: 3 questions wait for you"],
    [activity(["a", "b"], 1), "Cowork: 2 tasks run, 1 question waits for you"],
  ])("%j: %s", (now, want) => expect(trayWords(now)).toBe(want));
});

describe("its menu", () => {
  it("lists the tasks that run, and the way to what is asked", () => {
    const template = trayTemplate(activity(["Report", "Mail"], 1), actions());
    expect(labels(template)).toEqual([
      "2 tasks run, 1 question waits for you",
      "Report",
      "Mail",
      "Answer",
      "separator",
      "Open Cowork",
      "New task",
      "separator",
      "Quit Cowork",
    ]);
    expect(template[0]?.enabled).toBe(false);
  });

  it("is short where nothing runs", () => {
    const want = ["Cowork", "separator", "Open Cowork", "New task", "separator", "Quit Cowork"];
    expect(labels(trayTemplate(activity([]), actions()))).toEqual(want);
  });

  it.each<[number, string[]]>([
    [8, []],
    [9, ["and 1 more"]],
    [30, ["and 22 more"]],
  ])("of %i tasks names eight", (count, more) => {
    const titles = Array.from({ length: count }, (_, n) => `Task ${n}`);
    const shown = labels(trayTemplate(activity(titles), actions())).slice(1, -5);
    expect(shown).toEqual([...titles.slice(0, 8), ...more]);
  });

  it.each<[string, string]>([
    ["x".repeat(60), "x".repeat(60)],
    ["x".repeat(61), `${"x".repeat(59)}…`],
    [`${"x".repeat(58)}🐸🐸`, `${"x".repeat(58)}…`],
    ["R&D & more", "R&&D && more"],
  ])("shows the title %j as %j", (title, want) => {
    expect(labels(trayTemplate(activity([title]), actions()))[1]).toBe(want);
  });

  it("does what it says", () => {
    const given = actions();
    const template = trayTemplate(activity(Array<string>(9).fill("a"), 1), given);
    const named = (name: string) => template.find(({ id, label }) => (id ?? label) === name);
    press(template[2]);
    press(named("and 1 more"));
    press(named("asked"));
    press(named("task.new"));
    expect(given.show.mock.calls).toEqual([["/tasks/conv_1"], ["/tasks"], ["/approvals"], ["/"]]);
    expect([given.open, given.quit].map((action) => action.mock.calls.length)).toEqual([0, 0]);
    press(named("open"));
    press(named("quit"));
    expect([given.open, given.quit].map((action) => action.mock.calls.length)).toEqual([1, 1]);
  });
});

describe("the mark", () => {
  it.each([
    [true, 1, 0],
    [false, 0, 1],
  ])(
    "on a Mac (%s) takes the menu bar's colour, elsewhere a click opens the app",
    (isMac, templates, clicks) => {
      const given = actions();
      new TrayMark("/icons/tray.png", isMac, given);
      expect(electron.made).toHaveBeenCalledWith(expect.objectContaining({ path: "/icons/tray.png" }));
      expect(electron.image.setTemplateImage).toHaveBeenCalledTimes(templates);
      expect(electron.tray.on.mock.calls).toEqual(Array(clicks).fill(["click", given.open]));
    },
  );

  it("tells at once that nothing runs, then what does", () => {
    const mark = new TrayMark("x", false, actions());
    mark.tell(activity(["a"]));
    expect(electron.tray.setToolTip.mock.calls).toEqual([["Cowork"], ["Cowork: 1 task runs"]]);
    const menus = electron.tray.setContextMenu.mock.calls as [MenuItemConstructorOptions[]][];
    expect(menus.map(([template]) => template[0]?.label)).toEqual(["Cowork", "1 task runs"]);
  });

  it("is removed once", () => {
    const mark = new TrayMark("x", false, actions());
    mark.remove();
    electron.tray.isDestroyed.mockReturnValue(true);
    mark.remove();
    expect(electron.tray.destroy).toHaveBeenCalledOnce();
  });
});
