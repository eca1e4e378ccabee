/** A new connection. */
import { Page } from "@/components/Page";

export function ConnectView() {
  return <Page title="Connect">{null}</Page>;
}
