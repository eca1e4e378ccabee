/** All schedules. */
import { Page } from "@/components/Page";

export function SchedulesView() {
  return <Page title="Schedules">{null}</Page>;
}
