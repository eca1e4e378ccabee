/** The frame of a view: its heading with actions, and a body that scrolls. */
import { useEffect, type ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  /** One line that says what this view is for. */
  description?: ReactNode;
  /** Above the title: where this stands. */
  trail?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** For galleries and tables; else a column of prose. */
  isWide?: boolean;
}

export function Page({ title, description, trail, actions, children, isWide }: PageProps) {
  useTitle(title);
  return (
    <div className={styles.scroll}>
      <div className={classes(styles.page, isWide && styles.wide)}>
        <header className={styles.header}>
          <div className={styles.heading}>
            {trail && <div className={styles.trail}>{trail}</div>}
            <h1>{title}</h1>
            {description && <p className={styles.description}>{description}</p>}
          </div>
          {actions && <div className={styles.actions}>{actions}</div>}
        </header>
        {children}
      </div>
    </div>
  );
}

/** Names the window after the view. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Cowork` : "Cowork";
  }, [title]);
}
