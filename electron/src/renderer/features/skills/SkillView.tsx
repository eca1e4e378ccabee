/** One skill. */
import { Page } from "@/components/Page";

export function SkillView() {
  return <Page title="Skill">{null}</Page>;
}
