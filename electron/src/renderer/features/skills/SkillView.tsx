/** One skill, or a new one. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { createSkill, skillQuery } from "@/api/skills";
import { Page } from "@/components/Page";
import { RouteButton } from "@/components/RouteButton";
import { Failed, Loading } from "@/components/States";
import { useRenew } from "@/hooks/useRenew";
import { EditSkill } from "./EditSkill";
import { SkillForm } from "./SkillForm";
import { EMPTY, type Values } from "./values";

const trail = <Link to="/skills">Skills</Link>;

export function SkillView() {
  const { skillId } = useParams({ from: "/skills/$skillId" });
  return skillId === "new" ? <NewSkill /> : <Stored key={skillId} id={skillId} />;
}

function Stored({ id }: { id: string }) {
  const skill = useQuery(skillQuery(id));
  if (skill.data && !skill.isError) return <EditSkill skill={skill.data} trail={trail} />;
  return (
    <Page title="Skill" trail={trail}>
      {skill.isError ? (
        <Failed error={skill.error} onRetry={() => void skill.refetch()} />
      ) : (
        <Loading lines={6} />
      )}
    </Page>
  );
}

function NewSkill() {
  const [values, setValues] = useState(EMPTY);
  const navigate = useNavigate();
  const renew = useRenew();
  const save = async (given: Values) => {
    const { id } = await createSkill(given);
    renew("skills");
    await navigate({ to: "/skills/$skillId", params: { skillId: id }, replace: true });
  };
  return (
    <Page title="New skill" description="How a kind of task is done, once and for all." trail={trail}>
      <SkillForm
        label="New skill"
        values={values}
        stored={EMPTY}
        onChange={(changed) => setValues((before) => ({ ...before, ...changed }))}
        action="Make the skill"
        save={save}
      >
        <RouteButton to="/skills">Cancel</RouteButton>
      </SkillForm>
    </Page>
  );
}
