/** What belongs to the task, at its right; a drawer where there is no room beside it. */
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { IconButton } from "@/components/Button";
import { ContentsPanel } from "./ContentsPanel";
import styles from "./ConversationView.module.css";

interface ContentsAsideProps {
  conversationId: string;
  isDrawer: boolean;
  isOpen: boolean;
  onClose: () => void;
}

export function ContentsAside({ conversationId, isDrawer, isOpen, onClose }: ContentsAsideProps) {
  const panel = <ContentsPanel conversationId={conversationId} />;
  if (!isDrawer) {
    return isOpen ? (
      <aside className={styles.aside} aria-label="What belongs to this task">
        {panel}
      </aside>
    ) : null;
  }
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay} />
        <Radix.Content
          className={styles.drawer}
          aria-describedby={undefined}
          // On the button to close it its tooltip would open, and take the first Escape.
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            (event.currentTarget as HTMLElement).focus();
          }}
        >
          <div className={styles.drawerHead}>
            <Radix.Title className={styles.drawerTitle}>In this task</Radix.Title>
            <IconButton label="Close" icon={<X />} size="small" onClick={onClose} />
          </div>
          {panel}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
