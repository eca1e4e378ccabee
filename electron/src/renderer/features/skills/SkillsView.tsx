/** All skills. */
import { Page } from "@/components/Page";

export function SkillsView() {
  return <Page title="Skills">{null}</Page>;
}
