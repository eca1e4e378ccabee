/** The first start. */
import { Page } from "@/components/Page";

export function StartView() {
  return <Page title="Welcome">{null}</Page>;
}
