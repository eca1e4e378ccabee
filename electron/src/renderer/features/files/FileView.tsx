/** One file. */
import { Page } from "@/components/Page";

export function FileView() {
  return <Page title="File">{null}</Page>;
}
