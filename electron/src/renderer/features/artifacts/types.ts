/** The kinds of artifacts in words. */
import type { ArtifactType } from "@/api/types";

export const TYPES: Record<ArtifactType, string> = {
  app: "App",
  report: "Report",
  doc: "Document",
  dashboard: "Dashboard",
};
