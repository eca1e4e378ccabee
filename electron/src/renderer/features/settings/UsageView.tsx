/** What was used. */
import { Page } from "@/components/Page";

export function UsageView() {
  return <Page title="Usage">{null}</Page>;
}
