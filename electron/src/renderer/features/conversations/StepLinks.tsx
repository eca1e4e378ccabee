/** What a step made or read, each where it can be seen. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Link as Made, Place } from "@/api/types";
import styles from "./Steps.module.css";

export function StepLinks({ links }: { links: readonly Made[] }) {
  const shown = links.filter((link) => link.type !== "cell" && link.type !== "query");
  if (shown.length === 0) return null;
  return (
    <ul className={styles.links} aria-label="What it made or read">
      {shown.map((link, n) => (
        <li key={n}>
          <Target link={link} />
        </li>
      ))}
    </ul>
  );
}

function Target({ link }: { link: Made }): ReactNode {
  switch (link.type) {
    case "file":
      return (
        <>
          {link.file_id === null ? (
            <span title={link.path ?? undefined}>{link.path ?? link.name}</span>
          ) : (
            <Link to="/files/$fileId" params={{ fileId: link.file_id }} search={{}}>
              {link.name}
            </Link>
          )}
          {link.place && <span className={styles.place}>{placeWords(link.place)}</span>}
        </>
      );
    case "artifact":
      return (
        <>
          <Link to="/artifacts/$artifactId" params={{ artifactId: link.artifact_id }} search={{}}>
            {link.title}
          </Link>
          <span className={styles.place}>version {link.version}</span>
        </>
      );
    case "memory":
      return <Link to="/memories">A memory</Link>;
    case "page":
      return (
        <a href={link.url} target="_blank" rel="noreferrer">
          {link.url}
        </a>
      );
    case "response":
      return (
        <Link to="/tasks/$conversationId" params={{ conversationId: link.conversation_id }} search={{}}>
          The part's own task
        </Link>
      );
    case "schedule":
      return (
        <Link to="/schedules/$scheduleId" params={{ scheduleId: link.schedule_id }}>
          A schedule
        </Link>
      );
    case "cell":
    case "query":
      return null;
  }
}

function placeWords(place: Place): string {
  const { page, sheet, row, slide, paragraph, line } = place;
  const words = [
    page != null && `page ${page}`,
    sheet != null && `sheet ${sheet}`,
    row != null && `row ${row}`,
    slide != null && `slide ${slide}`,
    paragraph != null && `paragraph ${paragraph}`,
    line != null && `line ${line}`,
  ];
  return words.filter(Boolean).join(", ");
}
