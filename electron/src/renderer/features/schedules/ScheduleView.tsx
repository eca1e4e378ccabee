/** One schedule. */
import { NotYet } from "@/components/NotYet";

export const ScheduleView = () => (
  <NotYet title="Schedule">What became of each time of a schedule will be here.</NotYet>
);
