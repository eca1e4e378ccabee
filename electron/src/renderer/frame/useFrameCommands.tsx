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
import { sharedCommand } from "../../shared/commands";

interface Actions {
  openPalette: () => void;
  toggleSidebar: () => void;
}

export function useFrameCommands({ openPalette, toggleSidebar }: Actions): { newTask: () => void } {
  const navigate = useNavigate();
  const theme = useTheme();
  const [, choose] = useThemeChoice();
  const newTask = () => void navigate({ to: "/", search: {} });
  useCommands([
    {
      ...sharedCommand("task.new"),
      icon: <SquarePen />,
      keywords: ["conversation", "chat"],
      run: newTask,
    },
    {
      ...sharedCommand("palette"),
      icon: <Search />,
      run: openPalette,
    },
    {
      ...sharedCommand("sidebar"),
      icon: <PanelLeft />,
      run: toggleSidebar,
    },
    {
      ...sharedCommand("theme"),
      title: theme === "dark" ? "Use the light theme" : "Use the dark theme",
      icon: <Moon />,
      keywords: ["dark", "light", "appearance"],
      run: () => choose(theme === "dark" ? "light" : "dark"),
    },
    {
      ...sharedCommand("go.projects"),
      icon: <FolderKanban />,
      run: () => void navigate({ to: "/projects" }),
    },
    {
      ...sharedCommand("schedule.new"),
      icon: <CalendarClock />,
      keywords: ["repeat", "cron", "daily", "weekly"],
      run: () => void navigate({ to: "/schedules/new", search: {} }),
    },
    {
      ...sharedCommand("go.schedules"),
      icon: <CalendarClock />,
      run: () => void navigate({ to: "/schedules", search: {} }),
    },
    {
      ...sharedCommand("go.artifacts"),
      icon: <LayoutGrid />,
      run: () => void navigate({ to: "/artifacts" }),
    },
    {
      ...sharedCommand("go.files"),
      icon: <FileText />,
      run: () => void navigate({ to: "/files" }),
    },
    {
      ...sharedCommand("go.connectors"),
      icon: <Plug />,
      keywords: ["connections", "databases", "services"],
      run: () => void navigate({ to: "/connectors" }),
    },
    {
      ...sharedCommand("go.memories"),
      icon: <Brain />,
      run: () => void navigate({ to: "/memories" }),
    },
    {
      ...sharedCommand("go.skills"),
      icon: <WandSparkles />,
      run: () => void navigate({ to: "/skills" }),
    },
    {
      ...sharedCommand("go.approvals"),
      icon: <Inbox />,
      run: () => void navigate({ to: "/approvals" }),
    },
    {
      ...sharedCommand("go.settings"),
      icon: <Settings />,
      run: () => void navigate({ to: "/settings" }),
    },
  ]);
  return { newTask };
}
