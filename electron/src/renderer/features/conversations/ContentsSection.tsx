/** One list of the contents panel, which can be closed and remembers it. */
import { ChevronRight } from "lucide-react";
import { Collapsible } from "radix-ui";
import type { ReactNode } from "react";
import { useStored } from "@/hooks/useStored";
import styles from "./ContentsPanel.module.css";

interface SectionProps {
  name: string;
  total: number;
  /** It is there also while nothing is in it. */
  isKept?: boolean;
  empty?: string;
  action?: ReactNode;
  children: ReactNode;
}

const NONE: readonly string[] = [];

export function Section({ name, total, isKept, empty, action, children }: SectionProps) {
  const [closed, setClosed] = useStored("cowork.contents.closed", NONE);
  if (total === 0 && !isKept) return null;
  const set = (isOpen: boolean) => {
    const others = closed.filter((other) => other !== name);
    setClosed(isOpen ? others : [...others, name]);
  };
  return (
    <Collapsible.Root open={!closed.includes(name)} onOpenChange={set} className={styles.section}>
      <h2 className={styles.title}>
        <Collapsible.Trigger className={styles.trigger}>
          <ChevronRight aria-hidden />
          {name}
          {total > 0 && <span className={styles.count}>{total}</span>}
        </Collapsible.Trigger>
      </h2>
      <Collapsible.Content>
        {total > 0 ? <ul>{children}</ul> : <p className={styles.note}>{empty}</p>}
        {action}
      </Collapsible.Content>
    </Collapsible.Root>
  );
}

export function Row({ icon, note, children }: { icon: ReactNode; note?: string; children: ReactNode }) {
  return (
    <li className={styles.row}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      {children}
      {note && <span className={styles.rowNote}>{note}</span>}
    </li>
  );
}
