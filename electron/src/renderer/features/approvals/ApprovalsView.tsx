/** What waits for the user's word. */
import { Page } from "@/components/Page";

export function ApprovalsView() {
  return <Page title="Approvals">{null}</Page>;
}
