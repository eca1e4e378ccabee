/** All files. */
import { Page } from "@/components/Page";

export function FilesView() {
  return <Page title="Files">{null}</Page>;
}
