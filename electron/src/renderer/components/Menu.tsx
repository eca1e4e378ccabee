/** A menu that opens from a button. */
import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { classes } from "./classes";
import { Keys } from "./Keys";
import styles from "./Menu.module.css";

interface MenuProps {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "center" | "end";
  /** Prevent the event where the focus has gone elsewhere, and must not come back to the button. */
  onCloseFocus?: (event: Event) => void;
}

export function Menu({ trigger, children, align = "end", onCloseFocus }: MenuProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className={styles.menu}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          {...(onCloseFocus ? { onCloseAutoFocus: onCloseFocus } : {})}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface MenuItemProps {
  icon?: ReactNode;
  shortcut?: string;
  onSelect: () => void;
  isDangerous?: boolean;
  isDisabled?: boolean;
  children: ReactNode;
}

export function MenuItem({ icon, shortcut, onSelect, isDangerous, isDisabled, children }: MenuItemProps) {
  return (
    <Radix.Item
      className={classes(styles.item, isDangerous && styles.danger)}
      onSelect={onSelect}
      disabled={isDisabled ?? false}
    >
      <span className={styles.icon}>{icon}</span>
      <span className={styles.label}>{children}</span>
      {shortcut && <Keys shortcut={shortcut} />}
    </Radix.Item>
  );
}

/** An item that is a link, as one to a download. */
export function MenuLink({
  icon,
  href,
  download,
  children,
}: {
  icon?: ReactNode;
  href: string;
  download?: boolean;
  children: ReactNode;
}) {
  return (
    <Radix.Item className={styles.item} asChild>
      <a href={href} {...(download ? { download: "" } : {})}>
        <span className={styles.icon}>{icon}</span>
        <span className={styles.label}>{children}</span>
      </a>
    </Radix.Item>
  );
}

interface MenuChoicesProps {
  label: string;
  /** The one that is chosen. */
  value: string;
  onChange: (value: string) => void;
  options: readonly { value: string; label: string; hint?: string }[];
}

/** Several of which one is chosen. */
export function MenuChoices({ label, value, onChange, options }: MenuChoicesProps) {
  return (
    <Radix.RadioGroup value={value} onValueChange={onChange} aria-label={label}>
      {options.map((option) => (
        <Radix.RadioItem key={option.value} value={option.value} className={styles.item}>
          <span className={styles.icon}>
            <Radix.ItemIndicator>
              <Check aria-hidden />
            </Radix.ItemIndicator>
          </span>
          <span className={styles.label}>
            {option.label}
            {option.hint && <span className={styles.hint}>{option.hint}</span>}
          </span>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

export const MenuSeparator = () => <Radix.Separator className={styles.separator} />;
