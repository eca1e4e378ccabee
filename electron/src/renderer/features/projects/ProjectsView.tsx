/** All projects. */
import { NotYet } from "@/components/NotYet";

export const ProjectsView = () => <NotYet title="Projects">Projects will be made and looked at here.</NotYet>;
