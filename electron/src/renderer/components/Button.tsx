/** Buttons: a labelled one, and one that is an icon with a name and a tooltip. */
import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Button.module.css";
import { Tooltip } from "./Tooltip";

export type ButtonKind = "primary" | "secondary" | "ghost" | "danger";

interface ButtonProps extends ComponentProps<"button"> {
  kind?: ButtonKind;
  size?: "small" | "medium";
  icon?: ReactNode;
  /** Something is under way: it cannot be pressed again, and says so. */
  isBusy?: boolean;
}

export function Button({
  kind = "secondary",
  size = "medium",
  icon,
  isBusy = false,
  className,
  children,
  disabled,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled}
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      onClick={isBusy ? (event) => event.preventDefault() : rest.onClick}
      className={classes(styles.button, styles[kind], styles[size], className)}
    >
      {isBusy ? <span className={styles.spinner} aria-hidden /> : icon}
      {children}
    </button>
  );
}

interface ButtonLinkProps extends ComponentProps<"a"> {
  kind?: ButtonKind;
  icon?: ReactNode;
}

/** A link that looks like a button, as one to a download. */
export const ButtonLink = ({ kind = "secondary", icon, className, children, ...rest }: ButtonLinkProps) => (
  <a {...rest} className={classes(styles.button, styles[kind], className)}>
    {icon}
    {children}
  </a>
);

interface IconButtonProps extends Omit<ComponentProps<"button">, "children" | "aria-label"> {
  /** What it does: its accessible name and its tooltip. */
  label: string;
  icon: ReactNode;
  shortcut?: string;
  size?: "small" | "medium";
  kind?: "ghost" | "secondary" | "danger" | "primary";
}

export function IconButton({
  label,
  icon,
  shortcut,
  size = "medium",
  kind = "ghost",
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip label={label} {...(shortcut ? { shortcut } : {})}>
      <button
        {...rest}
        type={type}
        aria-label={label}
        className={classes(styles.button, styles[kind], styles.icon, styles[size], className)}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
