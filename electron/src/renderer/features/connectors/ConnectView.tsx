/** A new connection. */
import { NotYet } from "@/components/NotYet";

export const ConnectView = () => <NotYet title="Connect">A connection will be made here.</NotYet>;
