/** One task. */
import { Page } from "@/components/Page";

export function ConversationView() {
  return <Page title="Task">{null}</Page>;
}
