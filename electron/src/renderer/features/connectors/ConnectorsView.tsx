/** Connections and what can be connected. */
import { NotYet } from "@/components/NotYet";

export const ConnectorsView = () => (
  <NotYet title="Connectors">Databases, mail and services will be connected here.</NotYet>
);
