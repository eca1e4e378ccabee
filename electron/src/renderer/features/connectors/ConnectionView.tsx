/** One connection. */
import { Page } from "@/components/Page";

export function ConnectionView() {
  return <Page title="Connection">{null}</Page>;
}
