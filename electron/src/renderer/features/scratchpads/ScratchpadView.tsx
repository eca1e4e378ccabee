/** A notebook. */
import { Page } from "@/components/Page";

export function ScratchpadView() {
  return <Page title="Scratchpad">{null}</Page>;
}
