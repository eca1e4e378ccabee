/** All tasks. */
import { Page } from "@/components/Page";

export function TasksView() {
  return <Page title="Tasks">{null}</Page>;
}
