/** One skill. */
import { NotYet } from "@/components/NotYet";

export const SkillView = () => <NotYet title="Skill">A skill will be read and changed here.</NotYet>;
