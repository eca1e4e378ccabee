/** All skills. */
import { NotYet } from "@/components/NotYet";

export const SkillsView = () => (
  <NotYet title="Skills">
    Skills will be written and imported here; in a task, / lists those that there are.
  </NotYet>
);
