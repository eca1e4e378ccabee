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
  Sparkles,
  SquarePen,
} from "lucide-react";
import type { ReactNode } from "react";
import { pendingApprovalsQuery } from "@/api/approvals";
import { IconButton } from "@/components/Button";
import { classes } from "@/components/classes";
import { Keys } from "@/components/Keys";
import { ServerState } from "./ServerState";
import styles from "./Sidebar.module.css";
import { TaskList } from "./TaskList";

interface SidebarProps {
  isCollapsed?: boolean;
  openPalette: () => void;
  onCollapse: () => void;
}

const VIEWS = [
  { to: "/projects", label: "Projects", icon: <FolderKanban /> },
  { to: "/schedules", label: "Schedules", icon: <CalendarClock /> },
  { to: "/artifacts", label: "Artifacts", icon: <LayoutGrid /> },
  { to: "/files", label: "Files", icon: <FileText /> },
  { to: "/connectors", label: "Connectors", icon: <Plug /> },
  { to: "/memories", label: "Memories", icon: <Brain /> },
  { to: "/skills", label: "Skills", icon: <Sparkles /> },
] as const;

export function Sidebar({ isCollapsed = false, openPalette, onCollapse }: SidebarProps) {
  return (
    <div className={classes(styles.sidebar, isCollapsed && styles.collapsed)}>
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
        <Link to="/" search={{}} className={classes(styles.row, styles.new)} aria-label="New task">
          <SquarePen aria-hidden />
          {!isCollapsed && <span className={styles.label}>New task</span>}
          {!isCollapsed && <Keys shortcut="mod+n" />}
        </Link>
        <button type="button" className={styles.row} onClick={openPalette} aria-label="Search and commands">
          <Search aria-hidden />
          {!isCollapsed && <span className={styles.label}>Search</span>}
          {!isCollapsed && <Keys shortcut="mod+k" />}
        </button>
      </div>
      {isCollapsed ? <div className={styles.gap} /> : <TaskList />}
      <nav className={styles.views} aria-label="Views">
        {VIEWS.map((view) => (
          <ViewLink key={view.to} {...view} isCollapsed={isCollapsed} />
        ))}
        <Approvals isCollapsed={isCollapsed} />
        <ViewLink to="/settings" label="Settings" icon={<Settings />} isCollapsed={isCollapsed} />
      </nav>
      <footer className={styles.foot}>
        <ServerState isCompact={isCollapsed} />
      </footer>
    </div>
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
    <Link
      to={to}
      className={styles.row}
      activeProps={{ className: styles.active ?? "", "aria-current": "page" }}
      aria-label={count > 0 ? `${label}, ${count} waiting` : label}
      title={isCollapsed ? label : undefined}
    >
      <span aria-hidden className={styles.icon}>
        {icon}
      </span>
      {!isCollapsed && <span className={styles.label}>{label}</span>}
      {count > 0 && <span className={styles.count}>{count}</span>}
    </Link>
  );
}

/** What waits for the user's word, wherever it is asked; only while something does. */
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
