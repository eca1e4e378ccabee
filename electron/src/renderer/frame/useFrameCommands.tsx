/** The commands that are there in every view. */
import { useNavigate } from "@tanstack/react-router";
import {
  Brain,
  CalendarClock,
  FileText,
  FolderKanban,
  Inbox,
  LayoutGrid,
  Moon,
  PanelLeft,
  Plug,
  Search,
  Settings,
  SquarePen,
  WandSparkles,
} from "lucide-react";
import { useCommands } from "@/hooks/commands";
import { useTheme, useThemeChoice } from "@/hooks/useTheme";

interface Actions {
  openPalette: () => void;
  toggleSidebar: () => void;
}

export function useFrameCommands({ openPalette, toggleSidebar }: Actions): { newTask: () => void } {
  const navigate = useNavigate();
  const theme = useTheme();
  const [, choose] = useThemeChoice();
  const newTask = () => void navigate({ to: "/", search: {} });
  const view = "Go to";
  useCommands([
    {
      id: "task.new",
      title: "New task",
      group: "Actions",
      icon: <SquarePen />,
      shortcut: "mod+n",
      keywords: ["conversation", "chat"],
      run: newTask,
    },
    {
      id: "palette",
      title: "Search and commands",
      group: "Actions",
      icon: <Search />,
      shortcut: "mod+k",
      run: openPalette,
    },
    {
      id: "sidebar",
      title: "Show or hide the sidebar",
      group: "Actions",
      icon: <PanelLeft />,
      shortcut: "mod+b",
      run: toggleSidebar,
    },
    {
      id: "theme",
      title: theme === "dark" ? "Use the light theme" : "Use the dark theme",
      group: "Actions",
      icon: <Moon />,
      keywords: ["dark", "light", "appearance"],
      run: () => choose(theme === "dark" ? "light" : "dark"),
    },
    {
      id: "go.projects",
      title: "Projects",
      group: view,
      icon: <FolderKanban />,
      run: () => void navigate({ to: "/projects" }),
    },
    {
      id: "schedule.new",
      title: "New schedule",
      group: "Actions",
      icon: <CalendarClock />,
      keywords: ["repeat", "cron", "daily", "weekly"],
      run: () => void navigate({ to: "/schedules/new", search: {} }),
    },
    {
      id: "go.schedules",
      title: "Schedules",
      group: view,
      icon: <CalendarClock />,
      run: () => void navigate({ to: "/schedules", search: {} }),
    },
    {
      id: "go.artifacts",
      title: "Artifacts",
      group: view,
      icon: <LayoutGrid />,
      run: () => void navigate({ to: "/artifacts" }),
    },
    {
      id: "go.files",
      title: "Files",
      group: view,
      icon: <FileText />,
      run: () => void navigate({ to: "/files" }),
    },
    {
      id: "go.connectors",
      title: "Connectors",
      group: view,
      icon: <Plug />,
      keywords: ["connections", "databases", "services"],
      run: () => void navigate({ to: "/connectors" }),
    },
    {
      id: "go.memories",
      title: "Memories",
      group: view,
      icon: <Brain />,
      run: () => void navigate({ to: "/memories" }),
    },
    {
      id: "go.skills",
      title: "Skills",
      group: view,
      icon: <WandSparkles />,
      run: () => void navigate({ to: "/skills" }),
    },
    {
      id: "go.approvals",
      title: "Approvals",
      group: view,
      icon: <Inbox />,
      run: () => void navigate({ to: "/approvals" }),
    },
    {
      id: "go.settings",
      title: "Settings",
      group: view,
      icon: <Settings />,
      shortcut: "mod+,",
      run: () => void navigate({ to: "/settings" }),
    },
  ]);
  return { newTask };
}
