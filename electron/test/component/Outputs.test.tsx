import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Output } from "@/api/types";
import { spansOf } from "@/components/ansi";
import { Outputs } from "@/components/Outputs";
import { tableOf } from "@/components/readTable";
import { TooltipProvider } from "@/components/Tooltip";
import rich from "../recorded/cell_rich.json";

const FRAME = `<div>
<style scoped>.dataframe tbody tr th { vertical-align: top; }</style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>bird</th></tr></thead>
<tbody><tr><th>0</th><td>he&lt;r&gt;on</td></tr></tbody></table><p>1 rows × 1 columns</p></div>`;

const text = (data: string, given: Partial<Output> = {}): Output => ({
  mime: "text/plain",
  data,
  kind: "stream",
  name: "stdout",
  ...given,
});
const shown = (mime: string, data: Output["data"], given: Partial<Output> = {}): Output => ({
  mime,
  data,
  kind: "display",
  ...given,
});
const show = (...outputs: Output[]) => render(<Outputs outputs={outputs} />, { wrapper: TooltipProvider });
const frame = (): HTMLIFrameElement => screen.getByTitle<HTMLIFrameElement>(/^Output/);

test("outputs of a real kernel, each by its type", async () => {
  const { container } = show(...(rich.output_cell.outputs as Output[]));
  expect(screen.getByText("a:")).toBeInTheDocument();
  expect(screen.getAllByRole("img").map((one) => one.getAttribute("src")?.slice(0, 15))).toEqual([
    "data:image/svg+",
    "data:image/png;",
  ]);
  expect(screen.getByRole("cell", { name: "heron" })).toBeInTheDocument();
  await vi.waitFor(() => expect(container.querySelector(".katex")).toBeInTheDocument());
  expect(container.querySelector("iframe")).toBeNull();
});

describe("text", () => {
  test("has the colours of a terminal, and no other sequence", () => {
    const spans = spansOf(
      "\u001b]0;title\u0007a\u001b[1;31mb\u001b[38;5;28mc\u001b[48;2;200;10;10md\u001b[0;2Ke\u001b[0mf\u001b[2J",
    );
    expect(spans).toEqual([
      { text: "a", looks: [] },
      { text: "b", looks: ["bold", "red"] },
      { text: "c", looks: ["bold", "green"] },
      { text: "d", looks: ["bold", "green", "bg-red"] },
      { text: "e", looks: ["bold", "green", "bg-red"] },
      { text: "f", looks: [] },
    ]);
  });

  test("never is HTML", () => {
    const { container } = show(text("\u001b[31m<img src=x onerror=alert(1)>\u001b[0m"));
    expect(container.querySelector("img")).toBeNull();
    expect(screen.getByRole("group", { name: "Output 1" })).toHaveTextContent("<img src=x onerror=alert(1)>");
  });

  test("of a notice is a quiet line", () => {
    show(text("The output was cut here", { kind: "notice", name: null }));
    expect(screen.getByText("The output was cut here").tagName).toBe("P");
  });

  test("that is long scrolls until all of it is asked for, and of a huge one the ends are shown", async () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => `line ${n + 1}`);
    show(text(lines.join("\n")));
    const output = screen.getByRole("group", { name: "Output 1" });
    expect(output).toHaveTextContent(/^line 1 .*kB are left out here\..*line 30000$/);
    expect(output).not.toHaveTextContent("line 15000 ");
    await userEvent.click(screen.getByRole("button", { name: "Show all 30,000 lines" }));
    expect(output).toHaveTextContent("line 15000 ");
    expect(screen.getByRole("button", { name: "Show less" })).toHaveAttribute("aria-expanded", "true");
  });

  test("that grows is the same element, as a bar of progress that is drawn over", () => {
    const { rerender } = show(text("10 %"), text("said", { name: "stderr" }));
    const before = screen.getByRole("group", { name: "Output 1" });
    rerender(<Outputs outputs={[text("20 %"), text("said", { name: "stderr" })]} />);
    expect(screen.getByRole("group", { name: "Output 1" })).toBe(before);
    expect(before).toHaveTextContent("20 %");
  });
});

describe("tables", () => {
  test("of DataFrames are our own", () => {
    show(shown("text/html", FRAME));
    const table = screen.getByRole("group", { name: "Table, 1 row" });
    expect(within(table).getByRole("columnheader", { name: "bird" })).toHaveAttribute("scope", "col");
    expect(within(table).getByRole("rowheader", { name: "0" })).toHaveAttribute("scope", "row");
    expect(within(table).getByRole("cell", { name: "he<r>on" })).toBeInTheDocument();
    expect(screen.getByText("1 rows × 1 columns")).toBeInTheDocument();
  });

  test.each([
    ["colours", FRAME.replace("<td>", "<td style='background: red'>")],
    ["a Styler's", "<style>#T td { color: red }</style><table id=T><tr><td>1</td></tr></table>"],
    ["scripts", `${FRAME}<script>alert(1)</script>`],
    ["pictures", FRAME.replace("he&lt;", "<img src=x onerror=alert(1)>")],
    ["links", FRAME.replace("he&lt;", "<a href=https://evil.example>a</a>")],
    ["two", FRAME + FRAME],
    ["words beside it", `Some words${FRAME}`],
    ["a table in a table", "<table><tr><td><table><tr><td>1</td></tr></table></td></tr></table>"],
    ["none", "<p>words</p>"],
  ])("with more than that are not: %s", (_, html) => {
    expect(tableOf(html)).toBeNull();
  });

  test("of many rows show the first of them", async () => {
    const rows = Array.from({ length: 500 }, (_, n) => `<tr><td>${n}</td></tr>`).join("");
    show(shown("text/html", `<table>${rows}</table>`));
    expect(screen.getAllByRole("row")).toHaveLength(200);
    await userEvent.click(screen.getByRole("button", { name: "Show all 500 rows" }));
    expect(screen.getAllByRole("row")).toHaveLength(500);
    expect(screen.getByRole("group", { name: "Table, 500 rows" })).toHaveFocus();
  });
});

describe("HTML", () => {
  const posted = vi.fn();
  const load = () => {
    Object.defineProperty(frame(), "contentWindow", { value: { postMessage: posted }, configurable: true });
    fireEvent.load(frame());
  };
  beforeEach(() => {
    posted.mockReset();
    vi.stubGlobal("requestAnimationFrame", (paint: () => void) => (paint(), 0));
    vi.stubGlobal("cancelAnimationFrame", () => undefined);
    return () => vi.unstubAllGlobals();
  });

  test("is shown in a frame that is nobody's, and never here", () => {
    const html = "<b>words</b><script>globalThis.hacked = true</script>";
    const { container } = show(shown("text/html", html));
    expect(frame()).toHaveAttribute("sandbox", "allow-scripts");
    expect(frame()).toHaveAttribute("src", "/frame.html");
    expect(frame()).not.toHaveAttribute("srcdoc");
    expect(container.querySelector("b")).toBeNull();
    load();
    expect(posted).toHaveBeenCalledWith(
      { type: "show", html, theme: expect.objectContaining({ colorScheme: "light" }) as unknown },
      "*",
    );
  });

  test("that changes is shown where it is, with scripts in a frame of its own", () => {
    const { rerender } = show(shown("text/html", "<b>1</b>"));
    const before = frame();
    load();
    rerender(<Outputs outputs={[shown("text/html", "<b>2</b>")]} />);
    expect(frame()).toBe(before);
    expect(posted).toHaveBeenLastCalledWith(expect.objectContaining({ html: "<b>2</b>" }), "*");
    rerender(<Outputs outputs={[shown("text/html", "<script>let a</script>")]} />);
    expect(frame()).not.toBe(before);
  });

  test("is as high as it says, within bounds, and hears nobody else", () => {
    show(shown("text/html", "<b>1</b>"));
    load();
    const say = (height: unknown, source: unknown = frame().contentWindow) =>
      fireEvent(window, Object.assign(new Event("message"), { source, data: { type: "height", height } }));
    say(123.4);
    expect(frame().style.height).toBe("124px");
    for (const height of [1e9, "NaN", -5, Infinity, { valueOf: () => 7 }]) say(height);
    expect(frame().style.height).toBe("7px");
    say(99_999);
    expect(frame().style.height).toBe("1200px");
    say(50, window);
    expect(frame().style.height).toBe("1200px");
  });
});

describe("the rest", () => {
  test("an SVG is a picture, which runs nothing", () => {
    const { container } = show(
      shown("image/svg+xml", "<svg onload='alert(1)'><script>alert(1)</script></svg>"),
    );
    expect(screen.getByRole("img", { name: "A figure that the cell has drawn" })).toHaveAttribute(
      "src",
      expect.stringMatching(/^data:image\/svg\+xml/),
    );
    expect(container.querySelector("svg, script")).toBeNull();
  });

  test("a picture has the words and the size that came with it, and never an address", () => {
    show(
      shown("image/png", "data:image/png;base64,AAAA", {
        alternatives: { "text/plain": "A chart of sales" },
        metadata: { "image/png": { width: 320 } },
      }),
      shown("image/png", "https://evil.example/a.png"),
    );
    expect(screen.getByRole("img", { name: "A chart of sales" })).toHaveAttribute("width", "320");
    for (const picture of screen.getAllByRole("img"))
      expect(picture.getAttribute("src")).toMatch(/^data:image\/png[;,]/);
  });

  test("a plot of a program that is not here falls back to its words, and JSON is a tree by keyboard", async () => {
    show(
      shown("application/vnd.plotly.v1+json", { data: [] }, { alternatives: { "text/plain": "Figure()" } }),
      shown("application/vnd.other+json", { deep: { leaf: "found" } }),
    );
    expect(screen.getByText("Figure()")).toBeInTheDocument();
    expect(screen.queryByText('"found"')).toBeNull();
    await userEvent.click(screen.getByText("deep:"));
    fireEvent(screen.getByText("deep:").closest("details") as Element, new Event("toggle"));
    expect(screen.getByText('"found"')).toBeInTheDocument();
  });

  test("of an unknown type, of no type that text can have, and of a wrong one, words are left", () => {
    show(
      shown("application/x-thing", "raw", { alternatives: { "text/plain": "its words" } }),
      shown("text/html", { not: "text" }),
      shown("application/pdf", "https://evil.example/a.pdf"),
    );
    expect(screen.getByText("its words")).toBeInTheDocument();
    expect(screen.getByText(/"not": "text"/)).toBeInTheDocument();
    expect(screen.queryByRole("link")).toBeNull();
  });

  test("Markdown is prose, a PDF a file", async () => {
    show(
      shown("text/markdown", "**bold** <b>b</b>"),
      shown("application/pdf", "data:application/pdf;base64,AAAA"),
    );
    expect((await screen.findByText("bold")).tagName).toBe("STRONG");
    expect(screen.getByRole("link", { name: "Download the PDF" })).toHaveAttribute(
      "download",
      "output-2.pdf",
    );
  });
});
