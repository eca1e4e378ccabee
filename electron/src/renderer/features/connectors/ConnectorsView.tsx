/** Connections and what can be connected. */
import { Page } from "@/components/Page";

export function ConnectorsView() {
  return <Page title="Connectors">{null}</Page>;
}
