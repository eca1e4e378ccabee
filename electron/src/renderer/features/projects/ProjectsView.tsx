/** All projects. */
import { Page } from "@/components/Page";

export function ProjectsView() {
  return <Page title="Projects">{null}</Page>;
}
