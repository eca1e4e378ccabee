/** JSON as a tree whose branches open. */
import { useState } from "react";
import styles from "./JsonTree.module.css";

const AT_ONCE = 100;

export const JsonTree = ({ value }: { value: unknown }) => (
  <div className={styles.tree}>
    <Branch name={null} value={value} isOpenAtFirst />
  </div>
);

function Branch({
  name,
  value,
  isOpenAtFirst,
}: {
  name: string | null;
  value: unknown;
  isOpenAtFirst?: boolean;
}) {
  const [isOpen, setOpen] = useState(isOpenAtFirst ?? false);
  const [shown, setShown] = useState(AT_ONCE);
  const label = name === null ? null : <span className={styles.name}>{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div className={styles.leaf}>
        {label}
        <span className={styles[value === null ? "null" : typeof value]}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const entries = Object.entries(value as Record<string, unknown>);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)} className={styles.branch}>
      <summary>
        {label}
        <span className={styles.size}>{size}</span>
      </summary>
      {isOpen && (
        <div className={styles.inside}>
          {entries.slice(0, shown).map(([key, inner]) => (
            <Branch key={key} name={key} value={inner} />
          ))}
          {entries.length > shown && (
            <button type="button" className={styles.more} onClick={() => setShown(shown + AT_ONCE * 10)}>
              Show more of {entries.length.toLocaleString()}
            </button>
          )}
        </div>
      )}
    </details>
  );
}
