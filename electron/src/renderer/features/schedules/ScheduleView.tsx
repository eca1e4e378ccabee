/** One schedule. */
import { Page } from "@/components/Page";

export function ScheduleView() {
  return <Page title="Schedule">{null}</Page>;
}
