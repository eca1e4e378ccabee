/** A table of HTML that is a table and nothing else, as pandas writes DataFrames: shown as our own. */
import { memo } from "react";
import styles from "./DataTable.module.css";

interface TableCell {
  text: string;
  isHeading: boolean;
  columns: number;
  rows: number;
}

export interface ReadTable {
  head: TableCell[][];
  body: TableCell[][];
  /** Words beside it, as "5 rows × 3 columns". */
  note: string;
}

const LONGEST = 2_000_000;
const KNOWN = new Set(["DIV", "STYLE", "TABLE", "THEAD", "TBODY", "TFOOT", "TR", "TH", "TD", "P", "BR"]);

/** Null where the HTML is anything but one plain table. */
export function tableOf(html: string): ReadTable | null {
  if (html.length > LONGEST || !/<table/i.test(html)) return null;
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const elements = [...body.querySelectorAll("*")];
  const [table, ...more] = body.querySelectorAll("table");
  if (!table || more.length > 0 || elements.some((element) => !KNOWN.has(element.tagName))) return null;
  const rows = [...table.querySelectorAll("tr")];
  const inHead = rows.filter((row) => row.closest("thead"));
  const notes = [...body.querySelectorAll("p")].map((note) => note.textContent.trim());
  return {
    head: inHead.map(cellsOf),
    body: rows.filter((row) => !inHead.includes(row)).map(cellsOf),
    note: notes.join(" "),
  };
}

const cellsOf = (row: Element): TableCell[] =>
  [...row.querySelectorAll("th, td")].map((cell) => ({
    text: cell.textContent.trim(),
    isHeading: cell.tagName === "TH",
    columns: spanOf(cell, "colspan"),
    rows: spanOf(cell, "rowspan"),
  }));

const spanOf = (cell: Element, name: string): number =>
  Math.min(1000, Math.max(1, Number(cell.getAttribute(name)) || 1));

export const DataTable = memo(function DataTable({ table }: { table: ReadTable }) {
  return (
    <div>
      {/* Focusable, since it scrolls. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.scroll} role="group" aria-label="Table" tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <Rows rows={table.head} scope="col" />
          </thead>
          <tbody>
            <Rows rows={table.body} scope="row" />
          </tbody>
        </table>
      </div>
      {table.note && <p className={styles.note}>{table.note}</p>}
    </div>
  );
});

function Rows({ rows, scope }: { rows: TableCell[][]; scope: "col" | "row" }) {
  return rows.map((row, n) => (
    <tr key={n}>
      {row.map((cell, place) =>
        // A corner says nothing: it is no heading.
        cell.isHeading && cell.text ? (
          <th key={place} scope={scope} colSpan={cell.columns} rowSpan={cell.rows}>
            {cell.text}
          </th>
        ) : (
          <td key={place} colSpan={cell.columns} rowSpan={cell.rows}>
            {cell.text}
          </td>
        ),
      )}
    </tr>
  ));
}
