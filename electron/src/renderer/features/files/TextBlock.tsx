/** A passage of a file's text, or a table of its rows. */
import { memo } from "react";
import { classes } from "@/components/classes";
import { Snippet } from "@/components/Snippet";
import styles from "./FileText.module.css";
import type { MarkedBlock } from "./marked";
import type { Parts } from "./markedParts";

export const TextBlock = memo(function TextBlock({ block }: { block: MarkedBlock }) {
  return (
    <>
      {block.heading && <h2 className={styles.place}>{block.heading}</h2>}
      {block.kind === "text" ? (
        <p className={styles.passage}>
          <Snippet parts={block.parts} />
        </p>
      ) : (
        <Table block={block} />
      )}
    </>
  );
});

function Table({ block }: { block: Extract<MarkedBlock, { kind: "table" }> }) {
  const { head, rows, columns, heading } = block;
  const places = Array.from({ length: columns }, (_, place) => place);
  return (
    // Focusable, since it scrolls.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} role="group" aria-label={heading || "Table"} tabIndex={0}>
      <table className={styles.table}>
        {head && (
          <thead>
            <tr>
              <td />
              {places.map((place) => (
                <HeadCell key={place} parts={head[place]} isNumber={isNumber(rows[0]?.cells[place])} />
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map(({ n, cells }) => (
            <tr key={n}>
              <th scope="row">{n}</th>
              {places.map((place) => (
                <td key={place} className={isNumber(cells[place]) ? styles.number : undefined}>
                  <Snippet parts={cells[place] ?? []} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A heading that says nothing is none. */
function HeadCell({ parts = [], isNumber: isOfNumbers }: { parts: Parts | undefined; isNumber: boolean }) {
  if (textOf(parts).trim() === "") return <td />;
  return (
    <th scope="col" className={classes(isOfNumbers && styles.number)}>
      <Snippet parts={parts} />
    </th>
  );
}

const textOf = (parts: Parts): string => parts.map(({ text }) => text).join("");

const isNumber = (parts: Parts | undefined): boolean =>
  parts !== undefined && /^[-+]?[\p{Sc} ]?\d[\d.,' ]*%?$/u.test(textOf(parts));
