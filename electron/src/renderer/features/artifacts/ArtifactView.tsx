/** One artifact. */
import { Page } from "@/components/Page";

export function ArtifactView() {
  return <Page title="Artifact">{null}</Page>;
}
