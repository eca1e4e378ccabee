/** One connection. */
import { NotYet } from "@/components/NotYet";

export const ConnectionView = () => (
  <NotYet title="Connection">A connection’s state, tables and tools will be here.</NotYet>
);
