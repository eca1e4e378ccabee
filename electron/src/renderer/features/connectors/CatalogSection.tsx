/** The tables, collections or folders of a connection, with their columns; asked for when somebody wants to see them. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { catalogQuery } from "@/api/connections";
import type { Catalog, CatalogTable, Connection } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Failed, Loading } from "@/components/States";
import styles from "./ConnectionView.module.css";

export function CatalogSection({ connection }: { connection: Connection }) {
  const [isWanted, setWanted] = useState(false);
  const catalog = useQuery({ ...catalogQuery(connection.id), enabled: isWanted });
  return (
    <section aria-labelledby="catalog">
      <h2 id="catalog">What is in it</h2>
      {!isWanted && (
        <Button onClick={() => setWanted(true)} disabled={connection.status !== "connected"}>
          Show what is in it
        </Button>
      )}
      {isWanted && catalog.isPending && <Loading label="Asking what there is" />}
      {catalog.isError && <Failed error={catalog.error} onRetry={() => void catalog.refetch()} isInline />}
      {catalog.data && <Tables catalog={catalog.data} />}
    </section>
  );
}

function Tables({ catalog }: { catalog: Catalog }) {
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const found = catalog.tables.filter(
    ({ name, columns }) =>
      name.toLowerCase().includes(wanted) ||
      columns?.some((column) => column.name.toLowerCase().includes(wanted)),
  );
  return (
    <>
      {catalog.notes && <p className={styles.notes}>{catalog.notes}</p>}
      {catalog.tables.length > 0 && (
        <TextField
          label="Search tables and columns"
          isLabelHidden
          type="search"
          // The button that was pressed is gone.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          placeholder="Search tables and columns"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      )}
      <p role="status" className={styles.muted}>
        {catalog.tables.length === 0 && !catalog.notes ? "Nothing is in it." : null}
        {catalog.tables.length > 0 && found.length === 0 ? "Nothing fits." : null}
        {catalog.is_complete ? null : "There are more than are listed here."}
      </p>
      <ul>
        {found.map((table) => (
          <li key={table.name} className={styles.item}>
            <Table table={table} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Table({ table }: { table: CatalogTable }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <code>{table.name}</code> <span className={styles.muted}>{sizeOf(table)}</span>
      </summary>
      {table.comment && <p className={styles.muted}>{table.comment}</p>}
      {isOpen && (
        <ul className={styles.columns}>
          {table.columns?.map((column) => (
            <li key={column.name}>
              <code>{column.name}</code>
              <span className={styles.muted}>{column.type}</span>
              {column.key && <Badge>{column.key}</Badge>}
              {column.comment && <span className={styles.muted}>{column.comment}</span>}
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

function sizeOf({ kind, rows }: CatalogTable): string {
  return typeof rows === "number" ? `${kind}, about ${rows.toLocaleString()} rows` : kind;
}
