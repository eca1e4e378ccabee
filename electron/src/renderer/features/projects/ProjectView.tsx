/** One project. */
import { Page } from "@/components/Page";

export function ProjectView() {
  return <Page title="Project">{null}</Page>;
}
