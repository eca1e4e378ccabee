/** A new task: what is to be done. */
import { Page } from "@/components/Page";

export function NewTaskView() {
  return <Page title="New task">{null}</Page>;
}
