/** The commands that both the page's palette and the shell's menu list, as each shows them. */

interface Shown {
  title: string;
  group: "Actions" | "Go to";
  /** "mod+n": Ctrl, or ⌘ on a Mac. */
  shortcut?: string;
}

const SHOWN = {
  "task.new": { title: "New task", group: "Actions", shortcut: "mod+n" },
  "schedule.new": { title: "New schedule", group: "Actions" },
  palette: { title: "Search and commands", group: "Actions", shortcut: "mod+k" },
  sidebar: { title: "Show or hide the sidebar", group: "Actions", shortcut: "mod+b" },
  /** The page says which of the two it will be. */
  theme: { title: "Switch between light and dark", group: "Actions" },
  "go.projects": { title: "Projects", group: "Go to" },
  "go.schedules": { title: "Schedules", group: "Go to" },
  "go.artifacts": { title: "Artifacts", group: "Go to" },
  "go.files": { title: "Files", group: "Go to" },
  "go.connectors": { title: "Connectors", group: "Go to" },
  "go.memories": { title: "Memories", group: "Go to" },
  "go.skills": { title: "Skills", group: "Go to" },
  "go.approvals": { title: "Approvals", group: "Go to" },
  "go.settings": { title: "Settings", group: "Go to", shortcut: "mod+," },
} as const satisfies Record<string, Shown>;

export type SharedCommandId = keyof typeof SHOWN;

export interface SharedCommand extends Shown {
  id: SharedCommandId;
}

export const sharedCommand = (id: SharedCommandId): SharedCommand => ({ id, ...SHOWN[id] });

export const SHARED_COMMANDS: readonly SharedCommand[] = (Object.keys(SHOWN) as SharedCommandId[]).map(
  sharedCommand,
);
