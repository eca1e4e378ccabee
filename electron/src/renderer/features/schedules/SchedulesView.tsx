/** All schedules. */
import { NotYet } from "@/components/NotYet";

export const SchedulesView = () => (
  <NotYet title="Schedules">
    Schedules will be made here, with what became of each time. A task can make one: ask it.
  </NotYet>
);
