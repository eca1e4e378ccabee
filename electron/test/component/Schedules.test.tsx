import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Preview, ScheduleRun } from "@/api/types";
import { ZonePicker } from "@/components/ZonePicker";
import { ScheduleForm } from "@/features/schedules/ScheduleForm";
import { SlotStrip } from "@/features/schedules/SlotStrip";
import type { Values } from "@/features/schedules/values";
import { inApp } from "./inApp";

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

const previewOf = (cron: string): Preview => ({
  cron,
  timezone: "UTC",
  words: `The meaning of ${cron}`,
  next_runs: [
    {
      at: "2099-03-29T01:00:00.000Z",
      local: "2099-03-29T03:00:00+02:00",
      note: "02:30 is skipped that day.",
    },
  ],
  estimate: {
    based_on: null,
    runs: 0,
    runs_per_month: 30,
    tokens_per_run: null,
    cost_usd_per_run: null,
    tokens_per_month: null,
    cost_usd_per_month: null,
  },
});

const FIVE = "A cron expression has five fields, this one has 4.";
const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.endsWith("/preview")) return json({ data: [], total: 0, has_more: false });
    const { cron } = (await request.json()) as { cron: string };
    asked.push(cron);
    if (cron.split(" ").length === 5) return json(previewOf(cron));
    return json({ error: { type: "invalid_request", message: FIVE, param: "body.cron" } }, 422);
  });
});

const VALUES: Values = {
  project_id: "proj_1",
  prompt: "",
  cron: "0 9 * * *",
  timezone: "UTC",
  conversation_id: null,
  budget: { run_tokens: "", run_cost_usd: "", month_tokens: "", month_cost_usd: "" },
};

async function showForm() {
  const save = vi.fn<(values: Values) => Promise<void>>(() => Promise.resolve());
  await inApp({
    "/": () => (
      <ScheduleForm
        label="New schedule"
        initial={VALUES}
        action="Make the schedule"
        save={save}
        cancel={null}
      />
    ),
  });
  return { save, user: userEvent.setup() };
}

describe("the form of a schedule", () => {
  test("says what the expression means, and keeps the last meaning while it is wrong", async () => {
    const { user } = await showForm();
    await screen.findByText("The meaning of 0 9 * * *");
    expect(screen.getByText("02:30 is skipped that day.")).toBeVisible();
    const cron = screen.getByLabelText("Cron expression");
    await user.clear(cron);
    await user.type(cron, "0 9 * *");
    await waitFor(() => expect(cron).toHaveAccessibleDescription(new RegExp(FIVE)));
    expect(screen.getByText("The meaning of 0 9 * * *")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Every Monday at 9" }));
    await screen.findByText("The meaning of 0 9 * * 1");
    expect(cron).toHaveValue("0 9 * * 1");
    expect(cron).not.toHaveAccessibleDescription(new RegExp(FIVE));
    expect(screen.getByRole("button", { name: "Every Monday at 9" })).toHaveAttribute("aria-pressed", "true");
  });

  test("asks once for what is typed in one go", async () => {
    const { user } = await showForm();
    await screen.findByText("The meaning of 0 9 * * *");
    const cron = screen.getByLabelText("Cron expression");
    await user.clear(cron);
    await user.type(cron, "5 4 3 2 1");
    await screen.findByText("The meaning of 5 4 3 2 1");
    expect(asked).toEqual(["0 9 * * *", "5 4 3 2 1"]);
  });

  test("is not sent without a prompt, and then with all of it", async () => {
    const { save, user } = await showForm();
    await user.click(screen.getByRole("button", { name: "Make the schedule" }));
    const prompt = screen.getByLabelText("What to do");
    expect(prompt).toHaveFocus();
    expect(prompt).toHaveAccessibleDescription("Say what there is to do.");
    await user.type(prompt, "Report");
    await user.click(screen.getByText("Budget (optional)"));
    await user.type(screen.getByLabelText("US dollars of a month"), "2.5");
    await user.click(screen.getByRole("button", { name: "Make the schedule" }));
    expect(save).toHaveBeenCalledWith({
      ...VALUES,
      prompt: "Report",
      budget: { ...VALUES.budget, month_cost_usd: "2.5" },
    });
  });
});

function Zone() {
  const [zone, setZone] = useState("UTC");
  return <ZonePicker label="Time zone" value={zone} onChange={setZone} />;
}

describe("the choice of a time zone", () => {
  test("is made by typing, arrow keys and Enter", async () => {
    const user = userEvent.setup();
    render(<Zone />);
    const field = screen.getByRole("combobox", { name: "Time zone" });
    await user.click(field);
    await user.keyboard("argentina");
    const options = within(screen.getByRole("listbox")).getAllByRole("option");
    await user.keyboard("{ArrowDown}{Enter}");
    expect(field).toHaveValue(/^(.*?)UTC/.exec(options[1]?.textContent ?? "")?.[1]);
    expect(screen.queryByRole("listbox")).toBeNull();
  });

  test("is left as it was by Escape, and where nothing fits", async () => {
    const user = userEvent.setup();
    render(<Zone />);
    const field = screen.getByRole("combobox", { name: "Time zone" });
    await user.click(field);
    await user.keyboard("atlantis");
    expect(screen.getAllByText(/No time zone fits/)[0]).toBeInTheDocument();
    await user.keyboard("{Escape}");
    expect(field).toHaveValue("UTC");
  });
});

const run = (n: number, given: Partial<ScheduleRun> = {}): ScheduleRun => ({
  id: `run_${n}`,
  schedule_id: "sched_1",
  status: "success",
  trigger: "schedule",
  scheduled_for: `2026-11-${20 - n}T09:00:00.000Z`,
  started_at: `2026-11-${20 - n}T09:00:01.000Z`,
  finished_at: `2026-11-${20 - n}T09:00:02.000Z`,
  conversation_id: null,
  response_id: null,
  error: null,
  slots: 1,
  scheduled_until: null,
  caught_up_by: null,
  model: null,
  provider: null,
  usage: {},
  cost_usd: null,
  ...given,
});

function Strip({ runs }: { runs: readonly ScheduleRun[] }) {
  const [shownId, setShownId] = useState(runs[0]?.id ?? "");
  return <SlotStrip runs={runs} zone="UTC" panelId="panel" shownId={shownId} onShow={setShownId} />;
}

describe("the strip of slots", () => {
  const runs = [run(0), run(1, { status: "failed" }), run(2, { status: "missed", slots: 3 })];

  test("names each with its time and what became of it", () => {
    render(<Strip runs={runs} />);
    const names = screen.getAllByRole("tab").map((tab) => tab.getAttribute("aria-label") ?? "");
    expect(names.map((name) => name.split(": ")[1])).toEqual(["Ran", "Failed", "Missed"]);
    expect(screen.getByText("Missed").textContent).toContain("3");
  });

  test("is one stop of Tab, in which the arrow keys, Home and End move", async () => {
    const user = userEvent.setup();
    render(<Strip runs={runs} />);
    const [newest, middle, oldest] = screen.getAllByRole("tab");
    await user.tab();
    expect(newest).toHaveFocus();
    await user.keyboard("{ArrowRight}");
    expect(middle).toHaveFocus();
    expect(middle).toHaveAttribute("aria-selected", "true");
    expect(newest).toHaveAttribute("tabindex", "-1");
    await user.keyboard("{End}{ArrowRight}");
    expect(oldest).toHaveFocus();
    await user.keyboard("{Home}{ArrowLeft}");
    expect(newest).toHaveFocus();
    await user.keyboard("{ArrowRight}{Tab}");
    expect(document.body).toHaveFocus();
  });
});
