/** The way to everything: new task, search, tasks, the views, and the server's state. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  Brain,
  CalendarClock,
  FileText,
  FolderKanban,
  Inbox,
  LayoutGrid,
  PanelLeft,
  Plug,
  Search,
  Settings,
  SquarePen,
  WandSparkles,
} from "lucide-react";
import type { ReactNode } from "react";
import { pendingApprovalsQuery } from "@/api/approvals";
import { IconButton } from "@/components/Button";
import { classes } from "@/components/classes";
import { Keys } from "@/components/Keys";
import { Tooltip } from "@/components/Tooltip";
import { ServerState } from "./ServerState";
import styles from "./Sidebar.module.css";
import { TaskList } from "./TaskList";

interface SidebarProps {
  isCollapsed?: boolean;
  openPalette: () => void;
  onCollapse: () => void;
}

const VIEWS = [
  { to: "/schedules", label: "Schedules", icon: <CalendarClock /> },
  { to: "/projects", label: "Projects", icon: <FolderKanban /> },
  { to: "/artifacts", label: "Artifacts", icon: <LayoutGrid /> },
  { to: "/files", label: "Files", icon: <FileText /> },
  { to: "/connectors", label: "Connectors", icon: <Plug /> },
  { to: "/memories", label: "Memories", icon: <Brain /> },
  { to: "/skills", label: "Skills", icon: <WandSparkles /> },
] as const;

export function Sidebar({ isCollapsed = false, openPalette, onCollapse }: SidebarProps) {
  return (
    <nav className={classes(styles.sidebar, isCollapsed && styles.collapsed)} aria-label="Main">
      <header className={styles.head}>
        {!isCollapsed && <span className={styles.brand}>Cowork</span>}
        <IconButton
          label={isCollapsed ? "Show the sidebar" : "Hide the sidebar"}
          icon={<PanelLeft />}
          shortcut="mod+b"
          onClick={onCollapse}
        />
      </header>
      <div className={styles.actions}>
        <Named label="New task" shortcut="mod+n" isHidden={isCollapsed}>
          <Link to="/" search={{}} className={classes(styles.row, styles.new)}>
            <SquarePen aria-hidden />
            <RowLabel label="New task" shortcut="mod+n" isHidden={isCollapsed} />
          </Link>
        </Named>
        <Named label="Search" shortcut="mod+k" isHidden={isCollapsed}>
          <button type="button" className={styles.row} onClick={openPalette}>
            <Search aria-hidden />
            <RowLabel label="Search" shortcut="mod+k" isHidden={isCollapsed} />
          </button>
        </Named>
      </div>
      {isCollapsed ? <div className={styles.gap} /> : <TaskList />}
      <div className={styles.views}>
        {VIEWS.map((view) => (
          <ViewLink key={view.to} {...view} isCollapsed={isCollapsed} />
        ))}
        <Approvals isCollapsed={isCollapsed} />
        <ViewLink to="/settings" label="Settings" icon={<Settings />} isCollapsed={isCollapsed} />
      </div>
      <div className={styles.foot}>
        <ServerState isCompact={isCollapsed} />
      </div>
    </nav>
  );
}

interface ViewLinkProps {
  to: (typeof VIEWS)[number]["to"] | "/settings" | "/approvals";
  label: string;
  icon: ReactNode;
  isCollapsed: boolean;
  count?: number;
}

function ViewLink({ to, label, icon, isCollapsed, count = 0 }: ViewLinkProps) {
  return (
    <Named label={label} isHidden={isCollapsed}>
      <Link
        to={to}
        className={styles.row}
        activeProps={{ className: styles.active ?? "", "aria-current": "page" }}
      >
        <span aria-hidden className={styles.icon}>
          {icon}
        </span>
        <RowLabel label={label} isHidden={isCollapsed} />
        {count > 0 && (
          <span className={styles.count}>
            {count}
            <span className="visually-hidden"> waiting</span>
          </span>
        )}
      </Link>
    </Named>
  );
}

interface LabelProps {
  label: string;
  shortcut?: string;
  /** For screen readers alone, and a tooltip for the others. */
  isHidden: boolean;
}

function RowLabel({ label, shortcut, isHidden }: LabelProps) {
  return (
    <>
      <span className={isHidden ? "visually-hidden" : styles.label}>{label}</span>
      {shortcut && !isHidden && (
        <span aria-hidden>
          <Keys shortcut={shortcut} />
        </span>
      )}
    </>
  );
}

function Named({ label, shortcut, isHidden, children }: LabelProps & { children: ReactNode }) {
  if (!isHidden) return children;
  return (
    <Tooltip label={label} side="right" {...(shortcut ? { shortcut } : {})}>
      {children}
    </Tooltip>
  );
}

/** What waits for the user's word, wherever it is asked. */
function Approvals({ isCollapsed }: { isCollapsed: boolean }) {
  const { data } = useQuery(pendingApprovalsQuery);
  return (
    <ViewLink
      to="/approvals"
      label="Approvals"
      icon={<Inbox />}
      isCollapsed={isCollapsed}
      count={data?.total ?? 0}
    />
  );
}
