/** Schedules: reading, their runs, previews, making, changing. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { Schedule, ScheduleCreate, SchedulePatch, SchedulePreview } from "./types";

interface Filter {
  project_id?: string;
  status?: Schedule["status"];
}

const RUNS = 60;

export const schedulesQuery = (filter: Filter = {}) =>
  queryOptions({
    queryKey: ["schedules", "list", filter],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/schedules", { params: { query: filter }, signal })),
  });

const one = (schedule_id: string) => ({ params: { path: { schedule_id } } });

export const scheduleQuery = (schedule_id: string) =>
  queryOptions({
    queryKey: ["schedules", schedule_id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/schedules/{schedule_id}", { ...one(schedule_id), signal })),
  });

/** Its history, newest slot first. */
export const scheduleRunsQuery = (schedule_id: string) =>
  infiniteQueryOptions({
    queryKey: ["schedules", schedule_id, "runs"],
    queryFn: ({ pageParam, signal }) => runs(schedule_id, { limit: RUNS, offset: pageParam }, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.has_more ? pages.length * RUNS : undefined),
  });

/** The newest slots. */
export const latestRunsQuery = (schedule_id: string, limit: number) =>
  queryOptions({
    queryKey: ["schedules", schedule_id, "latest", limit],
    queryFn: ({ signal }) => runs(schedule_id, { limit }, signal),
  });

const runs = (schedule_id: string, query: { limit: number; offset?: number }, signal: AbortSignal) =>
  unwrap(
    client.GET("/api/v1/schedules/{schedule_id}/runs", {
      params: { path: { schedule_id }, query },
      signal,
    }),
  );

/** Why it ran in a minute, or did not. */
export const explanationQuery = (schedule_id: string, at: string) =>
  queryOptions({
    queryKey: ["schedules", schedule_id, "explain", at],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/schedules/{schedule_id}/explain", {
          params: { path: { schedule_id }, query: { at } },
          signal,
        }),
      ),
  });

const previewSchedule = (body: SchedulePreview, signal?: AbortSignal) =>
  unwrap(client.POST("/api/v1/schedules/preview", { body, ...(signal ? { signal } : {}) }));

export const previewQuery = (body: SchedulePreview) =>
  queryOptions({
    queryKey: ["schedules", "preview", body],
    queryFn: ({ signal }) => previewSchedule(body, signal),
  });

/** What a cron expression means; that never changes. */
export const cronWordsQuery = (cron: string) =>
  queryOptions({
    queryKey: ["cron", cron],
    queryFn: async ({ signal }) => (await previewSchedule({ cron, count: 1 }, signal)).words,
    staleTime: Infinity,
  });

export const createSchedule = (body: ScheduleCreate) => unwrap(client.POST("/api/v1/schedules", { body }));

export const updateSchedule = (schedule_id: string, body: SchedulePatch) =>
  unwrap(client.PATCH("/api/v1/schedules/{schedule_id}", { ...one(schedule_id), body }));

export const deleteSchedule = (schedule_id: string) =>
  done(client.DELETE("/api/v1/schedules/{schedule_id}", one(schedule_id)));

/** Answers when the run is claimed, not when it has ended. */
export const runSchedule = (schedule_id: string) =>
  unwrap(client.POST("/api/v1/schedules/{schedule_id}/run", one(schedule_id)));

/** The tasks that the runs of a project's schedule can go on in; the newest of them. */
export const targetsQuery = (project_id: string) =>
  queryOptions({
    queryKey: ["conversations", "targets", project_id],
    queryFn: async ({ signal }) => {
      const query = { status: "active" as const, limit: 100 };
      const all = await unwrap(client.GET("/api/v1/conversations", { params: { query }, signal }));
      return all.data.filter((task) => task.project_id === null || task.project_id === project_id);
    },
  });
