/** A dialog: it traps the focus, Escape closes it, and the focus goes back to where it was. */
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { IconButton } from "./Button";
import { classes } from "./classes";
import styles from "./Dialog.module.css";

interface DialogProps {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons at its end. */
  actions?: ReactNode;
  size?: "small" | "medium" | "large";
}

export function Dialog({
  isOpen,
  onClose,
  title,
  description,
  children,
  actions,
  size = "medium",
}: DialogProps) {
  const before = useRef<HTMLElement | null>(null);
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay} />
        <Radix.Content
          className={classes(styles.dialog, styles[size])}
          onOpenAutoFocus={(event) => {
            before.current = focusedNow();
            focusWithin(event);
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (document.activeElement === document.body) before.current?.focus();
          }}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className={styles.header}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            <IconButton label="Close" icon={<X />} onClick={onClose} />
          </header>
          {description && (
            <Radix.Description asChild>
              <div className={styles.description}>{description}</div>
            </Radix.Description>
          )}
          {children && <div className={styles.body}>{children}</div>}
          {actions && <footer className={styles.actions}>{actions}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** What has the focus; of a menu, which closes, the button that it came from. */
function focusedNow(): HTMLElement | null {
  const menu = document.activeElement?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  const found = menu ? document.getElementById(menu) : document.activeElement;
  return found instanceof HTMLElement ? found : null;
}

/** What is to be filled in, else what is to be pressed: not the button that closes it, whose tooltip would take the first Escape. */
function focusWithin(event: Event): void {
  const dialog = event.currentTarget;
  if (!(dialog instanceof HTMLElement) || dialog.contains(document.activeElement)) return;
  const field = dialog.querySelector<HTMLElement>(":is(input, textarea, select):not(:disabled, [hidden])");
  const first = field ?? dialog.querySelector<HTMLElement>(`.${styles.actions ?? ""} button:not(:disabled)`);
  event.preventDefault();
  (first ?? dialog).focus();
}
