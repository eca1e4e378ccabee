import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import type { Cell, CellEvent, Output } from "@/api/types";
import { isQueued, outputsOf, textOf } from "@/features/scratchpads/entries";
import { Notebook } from "@/features/scratchpads/Notebook";
import type { NotebookServer } from "@/features/scratchpads/CellStorage";

/** What the server would do with the cells of one notebook. */
class FakeServer implements NotebookServer {
  cells: Cell[] = [];
  said: string[] = [];
  isDown = false;
  runs = new Map<string, (events: CellEvent[]) => void>();
  private ended = new Map<string, () => void>();
  /** Held back until it is let go. */
  hold: Promise<void> = Promise.resolve();

  constructor(...cells: Partial<Cell>[]) {
    cells.forEach((given) => this.put(this.cells.length, given));
  }

  put(at: number, given: Partial<Cell>): Cell {
    const cell: Cell = {
      id: `cell_${this.cells.length + 1}`,
      type: "code",
      content: "",
      language: "python",
      status: "pending",
      error: null,
      index: at,
      ...given,
    };
    this.cells = this.cells.toSpliced(at, 0, cell).map((one, index) => ({ ...one, index }));
    return this.cells[at] ?? cell;
  }

  private async take(words: string): Promise<void> {
    this.said.push(words);
    await this.hold;
    if (this.isDown) throw new ApiError(0, "unreachable", "No answer.");
  }

  async create(body: Parameters<NotebookServer["create"]>[0]): Promise<Cell> {
    await this.take(`create ${body.type} ${JSON.stringify(body.content ?? "")} at ${body.index ?? "end"}`);
    return this.put(body.index ?? this.cells.length, {
      type: body.type,
      content: body.content ?? "",
      outputs: body.outputs ?? null,
    });
  }

  async update(id: string, body: Parameters<NotebookServer["update"]>[1]): Promise<Cell> {
    await this.take(`update ${id} ${JSON.stringify(body)}`);
    this.change(id, body);
    return this.one(id);
  }

  async remove(id: string): Promise<void> {
    await this.take(`remove ${id}`);
    this.cells = this.cells.filter((cell) => cell.id !== id);
  }

  async start(id: string): Promise<void> {
    await this.take(`start ${id}`);
  }

  async startAll(): Promise<void> {
    await this.take("start all");
  }

  follow(id: string, { onEvents, signal }: Parameters<NotebookServer["follow"]>[1]): Promise<void> {
    this.said.push(`follow ${id}`);
    this.runs.set(id, onEvents);
    return new Promise((resolve) => {
      this.ended.set(id, resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  }

  /** The run of the cell has put this out, and is over where `status` is given. */
  putOut(id: string, outputs: readonly Output[], status?: "success" | "error"): void {
    const run = { run_id: `run_of_${id}` };
    const events: CellEvent[] = outputs.map((output, n) => ({
      ...output,
      ...run,
      type: "output",
      sequence_number: n,
      index: n,
      append: false,
    }));
    if (status) {
      this.change(id, { status, execution_count: 7, queued_at: null, run_id: run.run_id });
      events.push({ ...run, type: "done", sequence_number: outputs.length, status, cell: this.one(id) });
    }
    this.runs.get(id)?.(events);
    if (status) this.ended.get(id)?.();
  }

  change(id: string, changes: Partial<Cell>): void {
    this.cells = this.cells.map((cell) => (cell.id === id ? { ...cell, ...changes } : cell));
  }

  one(id: string): Cell {
    const found = this.cells.find((cell) => cell.id === id);
    if (!found) throw new ApiError(404, "not_found", "Gone.");
    return found;
  }
}

const text = (data: string): Output => ({ mime: "text/plain", kind: "result", data });

function opened(server: FakeServer) {
  const told = { renew: vi.fn(), failed: vi.fn(), lost: vi.fn() };
  const notebook = new Notebook("sp_1", server, told);
  notebook.receive(server.cells);
  const texts = () => notebook.cells.all().map(textOf);
  const outputs = () => notebook.cells.all().map(outputsOf);
  return { notebook, told, texts, outputs };
}

/** Everything that was begun is done. */
const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("typing", () => {
  it("is stored once, a moment after the last key", async () => {
    const server = new FakeServer({ content: "1" });
    const { notebook } = opened(server);
    notebook.type("cell_1", "1 +");
    await vi.advanceTimersByTimeAsync(300);
    notebook.type("cell_1", "1 + 1");
    expect(notebook.cells.saving).toBe("saving");
    await vi.advanceTimersByTimeAsync(399);
    expect(server.said).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.said).toEqual(['update cell_1 {"content":"1 + 1"}']);
    expect(notebook.cells.saving).toBe("saved");
  });

  it("is stored now and then where it does not stop", async () => {
    const server = new FakeServer({});
    const { notebook } = opened(server);
    for (let n = 0; n < 30; n += 1) {
      notebook.type("cell_1", "x".repeat(n + 1));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(server.said).toHaveLength(1);
  });

  it("goes on while it is being stored, and none is lost", async () => {
    const server = new FakeServer({ content: "a" });
    const { notebook, texts } = opened(server);
    let letGo: () => void = () => undefined;
    server.hold = new Promise((resolve) => (letGo = resolve));
    notebook.type("cell_1", "ab");
    const first = notebook.flush();
    await settled();
    notebook.type("cell_1", "abc");
    letGo();
    await first;
    expect(texts()).toEqual(["abc"]);
    await vi.advanceTimersByTimeAsync(400);
    expect(server.cells[0]?.content).toBe("abc");
  });

  it("is kept and tried again where the server does not answer", async () => {
    const server = new FakeServer({ content: "a" });
    const { notebook } = opened(server);
    server.isDown = true;
    notebook.type("cell_1", "b");
    await vi.advanceTimersByTimeAsync(400);
    expect(notebook.cells.saving).toBe("failed");
    expect(opened(server).texts()).toEqual(["b"]);
    server.isDown = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(notebook.cells.saving).toBe("saved");
    expect(server.cells[0]?.content).toBe("b");
    expect(localStorage).toHaveLength(0);
  });

  it("that could not be saved does not write over what has come since", () => {
    const server = new FakeServer({ content: "a" });
    const { notebook } = opened(server);
    notebook.type("cell_1", "mine");
    server.isDown = true;
    notebook.leave();
    server.change("cell_1", { content: "theirs" });
    const [entry] = opened(server).notebook.cells.all();
    expect(entry && textOf(entry)).toBe("theirs");
    expect(entry?.conflict).toEqual({ other: "mine", whose: "ours" });
  });
});

describe("what changes elsewhere", () => {
  it("is taken where nothing is typed here", () => {
    const server = new FakeServer({ content: "a" }, { content: "b" });
    const { notebook, texts } = opened(server);
    notebook.type("cell_2", "mine");
    server.change("cell_1", { content: "theirs" });
    notebook.receive(server.cells);
    expect(texts()).toEqual(["theirs", "mine"]);
    expect(notebook.cells.all().map(({ conflict }) => conflict)).toEqual([null, null]);
  });

  it("is kept aside where both have changed, and can be had", () => {
    const server = new FakeServer({ content: "a" });
    const { notebook, texts } = opened(server);
    notebook.type("cell_1", "mine");
    server.change("cell_1", { content: "theirs" });
    notebook.receive(server.cells);
    expect(texts()).toEqual(["mine"]);
    expect(notebook.cells.all()[0]?.conflict).toEqual({ other: "theirs", whose: "theirs" });
    notebook.settle("cell_1", true);
    expect(texts()).toEqual(["theirs"]);
    expect(notebook.cells.all()[0]?.conflict).toBeNull();
  });

  it("leaves cells that it does not touch as they were", () => {
    const server = new FakeServer({ content: "a" }, { content: "b" });
    const { notebook } = opened(server);
    const [first, second] = notebook.cells.all();
    server.cells = server.cells.map((cell) => (cell.id === "cell_2" ? { ...cell, content: "c" } : cell));
    notebook.receive(server.cells);
    expect(notebook.cells.all()[0]).toBe(first);
    expect(notebook.cells.all()[1]).not.toBe(second);
  });

  it("is asked for again where it came while something was being done", async () => {
    const server = new FakeServer({ content: "a" });
    const { notebook, texts, told } = opened(server);
    const old = server.cells;
    notebook.insert(1, { type: "code", text: "new" });
    notebook.receive(old);
    expect(texts()).toEqual(["a", "new"]);
    await settled();
    expect(told.renew).toHaveBeenCalledOnce();
  });

  it("gives back a cell that was being edited and is gone", () => {
    const server = new FakeServer({ content: "a" }, { content: "b" });
    const { notebook, told, texts } = opened(server);
    notebook.cells.focus("cell_1", "edit");
    notebook.type("cell_1", "mine");
    notebook.receive(server.cells.slice(1));
    expect(notebook.cells.chosen).toBe("cell_2");
    expect(told.lost).toHaveBeenCalledOnce();
    notebook.putBack(told.lost.mock.calls[0]?.[0] as never);
    expect(texts()).toEqual(["mine", "b"]);
  });
});

describe("cells", () => {
  const withOutputs = () =>
    new FakeServer(
      { content: "a" },
      { type: "output", outputs: [text("1")] },
      { content: "b" },
      { type: "markdown", content: "c" },
    );

  it("are put where they are shown, whatever outputs stand between", async () => {
    const server = withOutputs();
    const { notebook, texts } = opened(server);
    const key = notebook.insert(1, { type: "code", text: "new" });
    notebook.type(key, "newer");
    await settled();
    expect(server.said[0]).toBe('create code "newer" at 2');
    notebook.receive(server.cells);
    expect(texts()).toEqual(["a", "newer", "b", "c"]);
    // The same cell as before, whose editor has the focus.
    expect(notebook.cells.keys[1]).toBe(key);
  });

  it("move with their outputs", async () => {
    const server = withOutputs();
    const { notebook, texts } = opened(server);
    notebook.move("cell_1", 1);
    notebook.move("cell_4", -1);
    expect(texts()).toEqual(["b", "c", "a"]);
    await settled();
    expect(server.said).toEqual(['update cell_1 {"index":1}', 'update cell_4 {"index":1}']);
  });

  it("that are deleted come back with text, place and outputs", async () => {
    const server = withOutputs();
    const { notebook, texts, outputs } = opened(server);
    notebook.remove("cell_1");
    expect(texts()).toEqual(["b", "c"]);
    await settled();
    server.cells = server.cells.filter(({ type }) => type !== "output");
    const key = notebook.putBack();
    await settled();
    expect(server.said).toEqual(["remove cell_1", 'create code "a" at 0', 'create output "" at 1']);
    expect(texts()).toEqual(["a", "b", "c"]);
    expect(notebook.cells.keys[0]).toBe(key);
    expect(outputs()).toEqual([[text("1")], [], []]);
    expect(notebook.putBack()).toBeNull();
  });

  it("go where they were put, also where another is deleted before the server has heard of them", async () => {
    const server = new FakeServer({ content: "a" }, { content: "b" }, { content: "c" });
    const { notebook } = opened(server);
    notebook.insert(2, { type: "code", text: "new" });
    notebook.remove("cell_1");
    await settled();
    expect(server.cells.map(({ content }) => content)).toEqual(["b", "new", "c"]);
  });

  it("that are deleted before the server has them are gone there, too", async () => {
    const server = new FakeServer();
    const { notebook } = opened(server);
    notebook.remove(notebook.insert(0, { type: "code" }));
    await settled();
    expect(server.cells).toEqual([]);
  });

  it("that the server could not make stay, and are made later", async () => {
    const server = new FakeServer({ content: "a" });
    const { notebook, texts } = opened(server);
    server.isDown = true;
    notebook.insert(1, { type: "code", text: "new" });
    await settled();
    notebook.receive(server.cells);
    expect(texts()).toEqual(["a", "new"]);
    server.isDown = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(server.cells.map(({ content }) => content)).toEqual(["a", "new"]);
  });
});

describe("a run", () => {
  it("is of what is in the editor", async () => {
    const server = new FakeServer({ content: "1" });
    const { notebook } = opened(server);
    notebook.type("cell_1", "2");
    notebook.run("cell_1");
    await settled();
    expect(server.said).toEqual(['update cell_1 {"content":"2"}', "start cell_1", "follow cell_1"]);
    await vi.advanceTimersByTimeAsync(400);
    expect(notebook.cells.saving).toBe("saved");
    expect(server.said).toHaveLength(3);
  });

  it("does not begin where that could not be stored", async () => {
    const server = new FakeServer({ content: "1" });
    const { notebook, told, texts } = opened(server);
    server.isDown = true;
    notebook.type("cell_1", "2");
    notebook.run("cell_1");
    await settled();
    expect(server.said).toEqual(['update cell_1 {"content":"2"}']);
    expect(told.failed).toHaveBeenCalledOnce();
    expect(texts()).toEqual(["2"]);
  });

  it("shows what comes, and how it has ended", async () => {
    const server = new FakeServer({ content: "1" });
    const { notebook, told, outputs } = opened(server);
    notebook.run("cell_1");
    await settled();
    expect(notebook.cells.entry("cell_1")?.cell.status).toBe("running");
    server.putOut("cell_1", [text("1")]);
    expect(outputs()).toEqual([[text("1")]]);
    told.renew.mockClear();
    server.putOut("cell_1", [text("1"), text("2")], "success");
    await settled();
    const entry = notebook.cells.entry("cell_1");
    expect(entry).toMatchObject({ outputs: [text("1"), text("2")], hasOutput: true, run: null });
    expect(entry?.cell).toMatchObject({ status: "success", execution_count: 7 });
    expect(notebook.cells.said).toBe("Code cell 1, executed 7, success");
    expect(told.renew).toHaveBeenCalled();
  });

  it("waits for those before it, and one is followed at a time", async () => {
    const server = new FakeServer({}, {}, {});
    const { notebook } = opened(server);
    for (const key of ["cell_1", "cell_2", "cell_3", "cell_1"]) notebook.run(key);
    await settled();
    expect(notebook.cells.all().map(isQueued)).toEqual([false, true, true]);
    const followed = () => server.said.filter((words) => words.startsWith("follow"));
    expect(followed()).toEqual(["follow cell_1"]);
    server.putOut("cell_1", [], "success");
    await settled();
    expect(followed()).toEqual(["follow cell_1", "follow cell_2"]);
  });

  it("that was under way before is followed, too", () => {
    const server = new FakeServer({ status: "running", run_id: "run_1", queued_at: "2026-01-01T00:00:00Z" });
    opened(server);
    expect(server.said).toEqual(["follow cell_1"]);
  });

  it("is read again from its beginning when somebody looks again", async () => {
    const server = new FakeServer({ content: "1" });
    const { notebook, outputs } = opened(server);
    notebook.run("cell_1");
    await settled();
    server.putOut("cell_1", [text("1")]);
    notebook.rest();
    expect(outputs()).toEqual([[]]);
    notebook.wake();
    server.putOut("cell_1", [text("1"), text("2")]);
    expect(outputs()).toEqual([[text("1"), text("2")]]);
  });

  it("does not take what is typed meanwhile", async () => {
    const server = new FakeServer({ content: "1" });
    const { notebook, texts } = opened(server);
    notebook.run("cell_1");
    await settled();
    notebook.type("cell_1", "2");
    server.putOut("cell_1", [], "success");
    await settled();
    expect(texts()).toEqual(["2"]);
    expect(notebook.cells.all()[0]?.conflict).toBeNull();
  });
});
