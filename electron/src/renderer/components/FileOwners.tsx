/** What a file belongs to: its project, its task, as links. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { conversationsQuery } from "@/api/conversations";
import { projectsQuery } from "@/api/projects";
import type { FileView } from "@/api/types";

interface FileOwnersProps {
  file: FileView;
  /** Where the list is of one project, which need not be said of each. */
  isProjectHidden?: boolean;
}

export function FileOwners({ file, isProjectHidden = false }: FileOwnersProps) {
  const projects = useQuery(projectsQuery);
  // As the sidebar has them: no file makes a request of its own.
  const tasks = useInfiniteQuery(conversationsQuery({ status: "active" }));
  const project = isProjectHidden ? undefined : projects.data?.data.find(({ id }) => id === file.project_id);
  const task = tasks.data?.pages.flatMap((page) => page.data).find(({ id }) => id === file.conversation_id);
  return (
    <>
      {project && (
        <Link to="/projects/$projectId" params={{ projectId: project.id }}>
          {project.name}
        </Link>
      )}
      {project && file.conversation_id !== null && " · "}
      {file.conversation_id !== null && (
        <Link to="/tasks/$conversationId" params={{ conversationId: file.conversation_id }}>
          {task?.title ?? "A task"}
        </Link>
      )}
    </>
  );
}
