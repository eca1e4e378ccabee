/** The gallery. */
import { Page } from "@/components/Page";

export function ArtifactsView() {
  return <Page title="Artifacts">{null}</Page>;
}
