/** Skills: reading, making, changing, and as files. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { SkillCreate, SkillForm, SkillPatch } from "./types";

const one = (skill_id: string) => ({ params: { path: { skill_id } } });

export const skillsQuery = queryOptions({
  queryKey: ["skills", "list"],
  queryFn: ({ signal }) =>
    unwrap(client.GET("/api/v1/skills", { params: { query: { limit: 1000 } }, signal })),
});

export const skillQuery = (skill_id: string) =>
  queryOptions({
    queryKey: ["skills", skill_id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/skills/{skill_id}", { ...one(skill_id), signal })),
  });

export const createSkill = (body: SkillCreate) => unwrap(client.POST("/api/v1/skills", { body }));

export const updateSkill = (skill_id: string, body: SkillPatch) =>
  unwrap(client.PATCH("/api/v1/skills/{skill_id}", { ...one(skill_id), body }));

export const deleteSkill = (skill_id: string) =>
  done(client.DELETE("/api/v1/skills/{skill_id}", one(skill_id)));

/** Of a `SKILL.md`. */
export function importSkill(file: File) {
  const form = new FormData();
  form.set("file", file, file.name);
  return unwrap(
    client.POST("/api/v1/skills/import", {
      body: form as unknown as SkillForm,
      bodySerializer: () => form,
    }),
  );
}

export const skillExportUrl = (skill_id: string): string => `/api/v1/skills/${skill_id}/export`;
