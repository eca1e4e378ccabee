/** Backups of all that is kept: the archives that there are, and a new one. */
import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "./client";

export const backupsQuery = queryOptions({
  queryKey: ["backups"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/backup", { signal })),
});

export const createBackup = () => unwrap(client.POST("/api/v1/backup", { body: {} }));
