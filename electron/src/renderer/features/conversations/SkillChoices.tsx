/** The skills that a slash at the start of a message offers: a list that the message's keys move in. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { skillsQuery } from "@/api/skills";
import type { Skill } from "@/api/types";
import { plural } from "@/components/format";
import { skillSought } from "./keys";
import styles from "./SkillChoices.module.css";

const MOST = 50;

interface Choosing {
  matches: readonly Skill[];
  at: number;
  setAt: (at: number) => void;
  /** True where the key was for the list. */
  press: (key: string) => boolean;
}

/** `before`: the text before the caret; null where the field has not the focus. */
export function useSkillChoices(
  before: string | null,
  chosen: readonly { id: string }[],
  onChoose: (skill: Skill) => void,
): Choosing {
  const sought = before === null ? null : skillSought(before);
  const skills = useQuery({ ...skillsQuery, enabled: sought !== null });
  const [closedAt, setClosedAt] = useState<string | null>(null);
  const [marked, setMarked] = useState<{ sought: string; at: number } | null>(null);
  const matches =
    sought === null || sought === closedAt ? [] : matching(skills.data?.data ?? [], sought, chosen);
  const at = marked !== null && marked.sought === sought ? Math.min(marked.at, matches.length - 1) : 0;
  const setAt = (next: number) => sought !== null && setMarked({ sought, at: next });
  const press = (key: string): boolean => {
    const skill = matches[at];
    if (!skill) return false;
    if (key === "ArrowDown") setAt((at + 1) % matches.length);
    else if (key === "ArrowUp") setAt((at + matches.length - 1) % matches.length);
    else if (key === "Enter" || key === "Tab") onChoose(skill);
    else if (key === "Escape") setClosedAt(sought);
    else return false;
    return true;
  };
  return { matches, at, setAt, press };
}

function matching(skills: readonly Skill[], sought: string, chosen: readonly { id: string }[]): Skill[] {
  const words = sought.toLowerCase();
  const isChosen = (skill: Skill) => chosen.some(({ id }) => id === skill.id);
  const rank = (skill: Skill) => (skill.name.startsWith(words) ? 0 : skill.name.includes(words) ? 1 : 2);
  return skills
    .filter(
      (skill) => !isChosen(skill) && (rank(skill) < 2 || skill.description.toLowerCase().includes(words)),
    )
    .sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
    .slice(0, MOST);
}

interface SkillChoicesProps {
  id: string;
  choosing: Choosing;
  onChoose: (skill: Skill) => void;
}

export const choiceId = (id: string, at: number): string => `${id}-${at}`;

export function SkillChoices({ id, choosing: { matches, at, setAt }, onChoose }: SkillChoicesProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <>
      <div role="status" className="visually-hidden">
        {matches.length > 0 && `${plural(matches.length, "skill")}. Choose with the arrow keys and Enter.`}
      </div>
      {matches.length > 0 && (
        <div ref={list} id={id} role="listbox" aria-label="Skills" className={styles.list}>
          {matches.map((skill, index) => (
            // The message keeps the focus, and its keys move in here.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={skill.id}
              id={choiceId(id, index)}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              className={styles.choice}
              onMouseMove={() => setAt(index)}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => onChoose(skill)}
            >
              <span className={styles.name}>/{skill.name}</span>
              <span className={styles.description}>{skill.description}</span>
            </div>
          ))}
        </div>
      )}
    </>
  );
}
