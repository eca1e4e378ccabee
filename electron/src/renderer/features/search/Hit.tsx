/** One thing that was found: what it is, and the words around the match. */
import {
  Brain,
  FileText,
  FolderKanban,
  LayoutGrid,
  MessageSquare,
  MessageSquareText,
  Sparkles,
} from "lucide-react";
import type { SearchHit } from "@/api/types";
import { Snippet } from "@/components/Snippet";
import styles from "./CommandPalette.module.css";

const KINDS = {
  conversation: { icon: <MessageSquare />, name: "Task" },
  item: { icon: <MessageSquareText />, name: "Message" },
  file: { icon: <FileText />, name: "File" },
  artifact: { icon: <LayoutGrid />, name: "Artifact" },
  memory: { icon: <Brain />, name: "Memory" },
  skill: { icon: <Sparkles />, name: "Skill" },
  project: { icon: <FolderKanban />, name: "Project" },
} as const;

export function Hit({ hit }: { hit: SearchHit }) {
  const { icon, name } = KINDS[hit.kind];
  return (
    <>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      <span className={styles.hit}>
        <span className={styles.title}>{hit.title || name}</span>
        <span className={styles.snippet}>
          <Snippet parts={hit.snippet} />
        </span>
      </span>
      <span className={styles.kind}>{name}</span>
    </>
  );
}
