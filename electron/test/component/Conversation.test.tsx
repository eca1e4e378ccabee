/** What a task shows of a turn: the steps, what it asks, and why it has failed. */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { describe, expect, test, vi } from "vitest";
import type { Approval, TurnError } from "@/api/types";
import { ApprovalCard } from "@/components/ApprovalCard";
import { toBlocks, type Activity } from "@/features/conversations/blocks";
import { RowKey } from "@/features/conversations/opened";
import { Steps } from "@/features/conversations/Steps";
import { TurnFailed } from "@/features/conversations/TurnFailed";
import { turn } from "../unit/recorded";
import { inApp } from "./inApp";

async function show(children: ReactNode) {
  const key = crypto.randomUUID();
  await inApp({ "/": () => <RowKey value={key}>{children}</RowKey> });
}

const approval = (more: Partial<Approval> = {}): Approval => ({
  id: "appr_1",
  response_id: "resp_1",
  conversation_id: "conv_1",
  project_id: "proj_1",
  kind: "approval",
  tool: "fetch_page",
  effect: "outside",
  subject: "heron.example",
  summary: "Fetch http://heron.example/birds",
  reason: "It reaches beyond the project.",
  arguments: { url: "http://heron.example/birds" },
  options: [],
  status: "pending",
  answer: null,
  created_at: "2026-01-01T00:00:00Z",
  expires_at: null,
  decided_at: null,
  ...more,
});

/** What is sent to the server, which takes it. */
function sent() {
  const bodies: unknown[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (request) => {
    bodies.push(await (request as Request).json());
    return Response.json(approval({ status: "allowed" }));
  });
  return bodies;
}

describe("what the agent asks", () => {
  test.each([
    ["Allow", { decision: "allow" }],
    ["Always allow for heron.example", { decision: "allow_always" }],
    ["Deny", { decision: "deny" }],
  ])("is answered with %s", async (button, body) => {
    const bodies = sent();
    await show(<ApprovalCard approval={approval()} />);
    const card = await screen.findByRole("region", { name: /Fetch http/ });
    expect(card).toHaveTextContent("It reaches beyond the project.");
    await userEvent.click(within(card).getByRole("button", { name: button }));
    await waitFor(() => expect(bodies).toEqual([body]));
    expect(within(card).getByRole("button", { name: "Allow" })).toHaveAttribute("aria-busy", "true");
  });

  test("names the tool where an answer for always holds for all of it", async () => {
    await show(<ApprovalCard approval={approval({ subject: "" })} />);
    expect(await screen.findByRole("button", { name: "Always allow fetch page" })).toBeVisible();
  });

  test("takes a suggestion, or words of one's own by keyboard", async () => {
    const bodies = sent();
    const question = approval({ kind: "question", summary: "Which year?", options: ["2025", "2026"] });
    await show(<ApprovalCard approval={question} />);
    await userEvent.type(await screen.findByLabelText("Your answer"), "All of them{Enter}");
    await waitFor(() => expect(bodies).toEqual([{ answer: "All of them" }]));
    expect(screen.getByRole("button", { name: "2026" })).toBeDisabled();
  });
});

describe("a turn that has failed", () => {
  const error = (type: string): TurnError => ({ type, message: `It is ${type}.` });
  const deeds = () => ({ onRetry: vi.fn(), onGoOn: vi.fn() });

  test.each([
    ["authentication", "Check the key", ["Try again"]],
    ["limit_reached", "Change the limits", ["Go on", "Try again"]],
    ["interrupted", null, ["Go on", "Try again"]],
    ["overloaded", null, ["Try again"]],
  ])("by %s says what to press", async (type, link, buttons) => {
    await show(<TurnFailed error={error(type)} {...deeds()} />);
    expect(await screen.findByText(`It is ${type}.`)).toBeVisible();
    expect(screen.queryAllByRole("link").map((found) => found.textContent)).toEqual(link ? [link] : []);
    expect(screen.getAllByRole("button").map((found) => found.textContent)).toEqual(buttons);
  });

  test("by its user is a quiet line", async () => {
    const { onRetry, onGoOn } = deeds();
    await show(<TurnFailed error={error("cancelled")} onRetry={onRetry} onGoOn={onGoOn} />);
    expect(await screen.findByText("Stopped")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(onRetry).toHaveBeenCalledOnce();
  });

  test("long ago has nothing to press", async () => {
    await show(<TurnFailed error={error("overloaded")} onRetry={null} onGoOn={null} />);
    expect(await screen.findByText("It is overloaded.")).toBeVisible();
    expect(screen.queryByRole("button")).toBeNull();
  });
});

describe("the steps of an answer", () => {
  const activity = (name: string): Activity => {
    const [found] = toBlocks(turn(name).item?.parts ?? []).filter((block) => block.kind === "activity");
    if (!found) throw new Error(`There are no steps in ${name}.`);
    return found;
  };

  test("are one line, which opens to each of them, and each to what it did", async () => {
    vi.spyOn(globalThis, "fetch").mockResolvedValue(
      Response.json({ error: { type: "not_found", message: "Gone." } }, { status: 404 }),
    );
    await show(
      <Steps
        activity={activity("turn_cells_and_plot")}
        isCurrent={false}
        showsPictures={false}
        approvals={[]}
      />,
    );
    const line = await screen.findByRole("button", { name: /Ran 3 cells.*1 failed/ });
    expect(line).toHaveAttribute("aria-expanded", "false");
    await userEvent.click(line);
    expect(screen.getAllByRole("listitem")).toHaveLength(3);
    await userEvent.click(screen.getByRole("button", { name: /Ran Python: 1 \/ 0.*failed/ }));
    // The notebook is gone: what the model was told stands in its place.
    expect(await screen.findByText(/The cell is not in the notebook any more/)).toBeVisible();
    expect(screen.getByText(/ZeroDivisionError/)).toBeVisible();
  });

  test("tell while they run what is being done, and what it puts out", async () => {
    const [part] = activity("turn_cells_and_plot").steps;
    const running = { ...part?.part, status: "running", liveOutput: "row 1\nrow 2\n" } as never;
    const current: Activity = {
      kind: "activity",
      index: 0,
      steps: [{ index: 0, part: running }],
      artifacts: [],
      isCompacted: false,
    };
    await show(<Steps activity={current} isCurrent showsPictures approvals={[]} />);
    expect(await screen.findByRole("button", { name: /^Running Python/ })).toBeVisible();
    expect(screen.getByLabelText("Output so far")).toHaveTextContent("row 2");
  });

  test("show what the user said when one was asked for", async () => {
    const { events } = turn("turn_approval_denied");
    const resolved = events.find((event) => event.type === "response.approval.resolved");
    const approvals = resolved?.type === "response.approval.resolved" ? [resolved.approval] : [];
    await show(
      <Steps
        activity={activity("turn_approval_denied")}
        isCurrent={false}
        showsPictures={false}
        approvals={approvals}
      />,
    );
    expect(await screen.findByRole("button", { name: /Fetching .*Denied/ })).not.toHaveTextContent("failed");
  });
});
