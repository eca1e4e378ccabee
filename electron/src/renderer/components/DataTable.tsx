/** A table that a cell has put out, shown as our own. */
import { ChevronDown } from "lucide-react";
import { memo, useRef, useState } from "react";
import { Button } from "./Button";
import styles from "./DataTable.module.css";
import { plural } from "./format";
import type { ReadTable, TableCell } from "./readTable";

const AT_ONCE = 200;

export const DataTable = memo(function DataTable({ table }: { table: ReadTable }) {
  const [isWhole, setWhole] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const { caption, head, body, note } = table;
  const isCut = !isWhole && body.length > AT_ONCE;
  const name = [caption || "Table", plural(body.length, "row")].join(", ");
  return (
    <div className={styles.around}>
      {/* Focusable, since it scrolls. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={box} className={styles.scroll} role="group" aria-label={name} tabIndex={0}>
        <table className={styles.table}>
          {caption && <caption>{caption}</caption>}
          {head.length > 0 && (
            <thead>
              <Rows rows={head} scope="col" />
            </thead>
          )}
          <tbody>
            <Rows rows={isCut ? body.slice(0, AT_ONCE) : body} scope="row" />
          </tbody>
        </table>
      </div>
      {isCut && (
        <Button
          kind="ghost"
          size="small"
          icon={<ChevronDown />}
          onClick={() => {
            setWhole(true);
            box.current?.focus();
          }}
        >
          Show all {plural(body.length, "row")}
        </Button>
      )}
      {note && <p className={styles.note}>{note}</p>}
    </div>
  );
});

function Rows({ rows, scope }: { rows: TableCell[][]; scope: "col" | "row" }) {
  return rows.map((row, n) => (
    <tr key={n}>
      {row.map((cell, place) =>
        // A corner says nothing: it is no heading.
        cell.isHeading && cell.text ? (
          <th
            key={place}
            scope={cell.columns > 1 ? "colgroup" : scope}
            colSpan={cell.columns}
            rowSpan={cell.rows}
          >
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
