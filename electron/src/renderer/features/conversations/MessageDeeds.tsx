/** What can be done with one message: shown while it is pointed at or focused. */
import { Check, ChevronLeft, ChevronRight, Copy } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { Item } from "@/api/types";
import { IconButton } from "@/components/Button";
import { toastError } from "@/components/toast";
import { tried, useDeeds } from "./deeds";
import styles from "./Message.module.css";

/** A row of them; `isShown`: also where nobody points at the message. */
export function DeedRow({ isShown, children }: { isShown?: boolean; children: ReactNode }) {
  return (
    <div className={styles.deeds} data-shown={isShown ? true : undefined}>
      {children}
    </div>
  );
}

export function CopyButton({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <IconButton
      label={isCopied ? "Copied" : "Copy"}
      icon={isCopied ? <Check /> : <Copy />}
      size="small"
      onClick={() => void copy().catch(toastError)}
    />
  );
}

/** "2 / 3": the versions of a message that was edited, each with what had followed it. */
export function Versions({ item, isBusy }: { item: Item; isBusy: boolean }) {
  const deeds = useDeeds();
  const { index, total } = item.version ?? { index: 1, total: 1 };
  if (total < 2) return null;
  return (
    <span className={styles.versions} role="group" aria-label="Versions of this message">
      <IconButton
        label="Previous version"
        icon={<ChevronLeft />}
        size="small"
        disabled={isBusy || index <= 1}
        onClick={() => tried(deeds.showVersion(item, -1))}
      />
      <span aria-label={`Version ${index} of ${total}`}>
        {index} / {total}
      </span>
      <IconButton
        label="Next version"
        icon={<ChevronRight />}
        size="small"
        disabled={isBusy || index >= total}
        onClick={() => tried(deeds.showVersion(item, 1))}
      />
    </span>
  );
}
