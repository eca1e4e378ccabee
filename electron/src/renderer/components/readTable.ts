/** Reads HTML that is one plain table and nothing else, as pandas and polars write DataFrames. */

export interface TableCell {
  text: string;
  isHeading: boolean;
  columns: number;
  rows: number;
}

export interface ReadTable {
  caption: string;
  head: TableCell[][];
  body: TableCell[][];
  /** Words beside it, as "5 rows × 3 columns". */
  note: string;
}

const LONGEST = 2_000_000;
const KNOWN =
  "div, style, table, caption, colgroup, col, thead, tbody, tfoot, tr, th, td, p, small, br, em, b, strong, i, code";
/** Where a table may hold text; elsewhere it would be lost. */
const WITH_TEXT = "caption, th, td, p, small, style";

/** Null where the HTML is anything more than that: pictures, colours, links, scripts. */
export function tableOf(html: string): ReadTable | null {
  if (html.length > LONGEST || !/<table/i.test(html)) return null;
  const { head, body } = new DOMParser().parseFromString(html, "text/html");
  const [table, ...more] = body.querySelectorAll("table");
  if (!table || more.length > 0 || head.childElementCount > 0) return null;
  if (!isPlain(body, table)) return null;
  const rows = [...table.rows];
  const inHead = new Set(rows.filter((row) => row.closest("thead")));
  return {
    caption: table.caption?.textContent.trim() ?? "",
    head: [...inHead].map(cellsOf),
    body: rows.filter((row) => !inHead.has(row)).map(cellsOf),
    note: [...body.querySelectorAll("p, small")]
      .filter((note) => !table.contains(note))
      .map((note) => note.textContent.trim())
      .join(" "),
  };
}

function isPlain(body: HTMLElement, table: HTMLTableElement): boolean {
  // The styles of a DataFrame say how every table looks; those of a Styler say what its author means.
  const isFrame = table.classList.contains("dataframe");
  if (!isFrame && body.querySelector("style")) return false;
  if ([...table.querySelectorAll("[style]")].some((one) => !isAlignment(one))) return false;
  if ([...body.querySelectorAll("*")].some((one) => !one.matches(KNOWN))) return false;
  const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { textContent, parentElement } = texts.currentNode;
    if (textContent?.trim() && !parentElement?.closest(WITH_TEXT)) return false;
  }
  return true;
}

const isAlignment = (one: Element): boolean =>
  (one.getAttribute("style") ?? "")
    .split(";")
    .every((rule) => /^\s*($|text-align|vertical-align|min-width)/.test(rule));

const cellsOf = (row: HTMLTableRowElement): TableCell[] =>
  [...row.cells].map((cell) => ({
    text: cell.textContent.trim(),
    isHeading: cell.tagName === "TH",
    columns: span(cell.colSpan),
    rows: span(cell.rowSpan),
  }));

const span = (told: number): number => Math.min(1000, Math.max(1, told || 1));
