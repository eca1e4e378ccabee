/** A skill that is there is changed, exported or deleted; what others change in it meanwhile is not written over in silence. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Download, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { projectsQuery } from "@/api/projects";
import { deleteSkill, skillExportUrl, skillQuery, updateSkill } from "@/api/skills";
import type { Skill } from "@/api/types";
import { Button, ButtonLink } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Page } from "@/components/Page";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import { SkillForm } from "./SkillForm";
import styles from "./SkillView.module.css";
import { isChanged, patchOf, valuesOf, type Values } from "./values";

export function EditSkill({ skill, trail }: { skill: Skill; trail: ReactNode }) {
  const queries = useQueryClient();
  const renew = useRenew();
  const { values, base, isOvertaken, change, take } = useEditing(skill);
  const save = async (given: Values) => {
    const patch = patchOf(base, given);
    const saved = Object.keys(patch).length > 0 ? await updateSkill(skill.id, patch) : skill;
    queries.setQueryData(skillQuery(skill.id).queryKey, saved);
    take(saved);
    renew("skills");
    toast("The skill is saved.");
  };
  return (
    <Page title={skill.name} trail={trail} actions={<Deeds skill={skill} />}>
      <UsedBy skillId={skill.id} />
      {isOvertaken && (
        <div role="alert" className={styles.overtaken}>
          <p>This skill was changed elsewhere meanwhile. Saving keeps what you changed, and theirs else.</p>
          <Button size="small" onClick={() => take(skill)}>
            Drop mine and show theirs
          </Button>
        </div>
      )}
      <SkillForm label="Skill" values={values} stored={base} onChange={change} action="Save" save={save} />
    </Page>
  );
}

/** What is typed, over what was stored when that began. */
function useEditing(skill: Skill) {
  const [editing, setEditing] = useState({ values: valuesOf(skill), base: valuesOf(skill) });
  const { values, base } = editing;
  const stored = valuesOf(skill);
  const isOther = isChanged(base, stored);
  const take = (taken: Skill) => setEditing({ values: valuesOf(taken), base: valuesOf(taken) });
  // Nothing is typed over it: it is shown as it is now.
  if (isOther && !isChanged(base, values)) take(skill);
  return {
    values,
    base,
    isOvertaken: isOther && isChanged(base, values),
    change: (changed: Partial<Values>) =>
      setEditing((before) => ({ ...before, values: { ...before.values, ...changed } })),
    take,
  };
}

function UsedBy({ skillId }: { skillId: string }) {
  const projects = useQuery(projectsQuery);
  const using = projects.data?.data.filter(({ skill_ids }) => skill_ids.includes(skillId));
  if (!using) return null;
  return (
    <p className={styles.usedBy}>
      {using.length === 0
        ? "Active in no project; tasks use it where it fits, or where you name it."
        : "Active in "}
      {using.map(({ id, name }, n) => (
        <span key={id}>
          {n > 0 && ", "}
          <Link to="/projects/$projectId" params={{ projectId: id }}>
            {name}
          </Link>
        </span>
      ))}
    </p>
  );
}

function Deeds({ skill }: { skill: Skill }) {
  const confirm = useConfirm();
  const renew = useRenew();
  const navigate = useNavigate();
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this skill?",
      description: `“${skill.name}” will be gone, also from the projects where it is active. Export it first to keep a copy.`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteSkill(skill.id);
    await navigate({ to: "/skills", ignoreBlocker: true });
    renew("skills", "projects");
  };
  return (
    <>
      <ButtonLink href={skillExportUrl(skill.id)} download icon={<Download aria-hidden />}>
        Export SKILL.md
      </ButtonLink>
      <Button kind="danger" icon={<Trash2 />} onClick={() => void remove().catch(toastError)}>
        Delete
      </Button>
    </>
  );
}
