import { render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { Markdown } from "@/components/Markdown";
import { TooltipProvider } from "@/components/Tooltip";

const show = (text: string, isStreaming = false) =>
  render(<Markdown text={text} isStreaming={isStreaming} />, { wrapper: TooltipProvider });

test.each([
  "<script>globalThis.hacked = true</script>",
  "Some <b onclick='hacked()'>words</b>",
  "<img src=x onerror='hacked()'>",
  "<iframe src='https://evil.example'></iframe>",
  "- <svg onload=hacked()>",
  "> <style>* { display: none }</style>",
])("HTML is shown as it is written: %j", (text) => {
  const { container } = show(text);
  const written = text.replace(/^[->] /, "");
  expect(container.textContent).toContain(written);
  expect(container.querySelector("script, img, b, style, iframe, svg:not(.lucide), [onclick]")).toBeNull();
  expect("hacked" in globalThis).toBe(false);
});

test("a break breaks the line, and a comment is left out", () => {
  const { container } = show("| a |\n|--|\n| one<br>two <!-- three --> |\n\n<!-- four -->");
  expect(container.querySelectorAll("td br")).toHaveLength(1);
  expect(container.textContent).not.toMatch(/three|four|<br>/);
});

test.each([
  "[words](javascript:alert(1))",
  "[words](JavaScript&colon;alert(1))",
  "[words](data:text/html,<script>alert(1)</script>)",
  "[words](vbscript:x)",
  "[words](file:///etc/passwd)",
  "[words](report.xlsx)",
  "[words](/settings)",
  "[words](//evil.example)",
])("a link that leads anywhere but outside is text: %s", (text) => {
  show(text);
  expect(screen.queryByRole("link")).toBeNull();
  expect(screen.getByText(/words/)).toBeInTheDocument();
});

test("links outside tell nobody where they were", () => {
  show("[page](https://example.com/a), a@b.example, https://c.example");
  const links = screen.getAllByRole("link");
  expect(links.map((link) => link.getAttribute("href"))).toEqual([
    "https://example.com/a",
    "mailto:a@b.example",
    "https://c.example",
  ]);
  for (const link of links) {
    expect(link).toHaveAttribute("target", "_blank");
    expect(link).toHaveAttribute("rel", "noopener noreferrer");
  }
});

test.each([
  "https://evil.example/a.png",
  "//evil.example/a.png",
  "/\\evil.example/a.png",
  "http://localhost.evil.example/api/v1/a.png",
  "/api/v1//evil.example/a.png",
])("a picture from elsewhere is never asked for: %s", (address) => {
  const { container } = show(`![A chart](${address})`);
  expect(container.querySelector("img")).toBeNull();
  expect(container.textContent).toMatch(/^A chart: /);
});

test("pictures of our own are shown, and one in a link makes no link in a link", () => {
  show("![Dot](data:image/gif;base64,R0lGOD) ![File](/api/v1/files/file_1/content)");
  expect(screen.getAllByRole("img").map((picture) => picture.getAttribute("alt"))).toEqual(["Dot", "File"]);
  const { container } = show("[![badge](https://a.example/b.svg)](https://a.example)");
  expect(container.querySelectorAll("a")).toHaveLength(1);
});

test("headings stand below those of the view, one level after another", () => {
  show("# A\n\n#### B\n\n> # C\n\ntext\n\n# D");
  const levels = screen.getAllByRole("heading").map((one) => `${one.tagName} ${one.textContent}`);
  expect(levels).toEqual(["H3 A", "H4 B", "H5 C", "H3 D"]);
});

test("lists of things to do, tables and code have names", () => {
  show("- [x] one\n- [ ] two\n\n| a |\n|--|\n| 1 |\n\n```python\nx = 1\n```");
  expect(screen.getByRole("img", { name: "Done" })).toBeInTheDocument();
  expect(screen.getByRole("img", { name: "To do" })).toBeInTheDocument();
  const table = screen.getByRole("group", { name: "Table" });
  expect(table).toHaveAttribute("tabindex", "0");
  expect(within(table).getByRole("columnheader", { name: "a" })).toBeInTheDocument();
  expect(screen.getByRole("group", { name: "Code, python" })).toHaveTextContent("x = 1");
});

test("notes stand at the end, with ids of their own in each text", () => {
  const text = "One[^a].\n\n[^a]: The note.";
  const { container } = show(text);
  show(text);
  expect(container).toHaveTextContent(/One1\..*The note\.$/);
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("formulas are loaded when there are some", async () => {
  const { container } = show("Then $x^2$ and\n\n$$\n\\frac{1}{2}\n$$");
  expect(await screen.findByRole("group", { name: "Formula" })).toHaveAttribute("tabindex", "0");
  expect(container.querySelectorAll(".katex")).toHaveLength(2);
});

test("a formula cannot lead away, load or style", async () => {
  const { container } = show(
    "$\\href{javascript:alert(1)}{a} \\includegraphics{https://evil.example/a.png}$ and $x$",
  );
  await screen.findAllByText("x");
  expect(container.querySelector(".katex a, .katex img")).toBeNull();
});

test("while it streams only the last block changes", () => {
  const { container, rerender } = show("One.\n\nTwo.\n\nThr", true);
  const before = [...container.querySelectorAll("p")];
  rerender(<Markdown text={"One.\n\nTwo.\n\nThree **fo"} isStreaming />);
  const after = [...container.querySelectorAll("p")];
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(after[0]).toBe(before[0]);
  expect(after[2]?.querySelector("strong")).toHaveTextContent("fo");
  rerender(<Markdown text={"One.\n\nTwo.\n\nThree **fo"} />);
  expect(container).toHaveTextContent("Three **fo");
});

test("any beginning of a text can be shown", () => {
  const text = "# A\n\n- **b** `c` [d](https://e.example)\n\n| f |\n|--|\n| g |\n\n```js\nh()\n```\n";
  const { container, rerender } = show("", true);
  for (let end = 1; end <= text.length; end += 1) {
    rerender(<Markdown text={text.slice(0, end)} isStreaming />);
    expect(container.textContent).not.toMatch(/\*\*|\]\(|\||```/);
  }
});
