/** The sign of a kind of step. */
import {
  Brain,
  CalendarClock,
  CircleHelp,
  Database,
  FilePen,
  FileText,
  Globe,
  LayoutGrid,
  Lightbulb,
  ListTree,
  Mail,
  Search,
  Sparkles,
  SquareTerminal,
  Wrench,
  type LucideIcon,
} from "lucide-react";
import type { StepKind } from "./stepWords";

const ICONS: Record<StepKind, LucideIcon> = {
  code: SquareTerminal,
  read: FileText,
  write: FilePen,
  search: Search,
  web: Globe,
  query: Database,
  artifact: LayoutGrid,
  memory: Brain,
  schedule: CalendarClock,
  skill: Sparkles,
  mail: Mail,
  task: ListTree,
  ask: CircleHelp,
  tool: Wrench,
  thought: Lightbulb,
};

export function StepIcon({ kind }: { kind: StepKind }) {
  const Icon = ICONS[kind];
  return <Icon aria-hidden />;
}
