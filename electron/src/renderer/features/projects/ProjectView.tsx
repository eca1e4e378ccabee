/** One project. */
import { NotYet } from "@/components/NotYet";

export const ProjectView = () => (
  <NotYet title="Project">A project’s tasks, files and connections will be here.</NotYet>
);
