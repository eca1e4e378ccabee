/** What is remembered. */
import { Page } from "@/components/Page";

export function MemoriesView() {
  return <Page title="Memories">{null}</Page>;
}
