/** Scratchpads, which people see as notebooks: their cells, their kernels, and notebooks as files. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type {
  CellCreate,
  CellPatch,
  CompletionRequest,
  NotebookForm,
  ScratchpadCreate,
  ScratchpadPatch,
} from "./types";

export type ExportFormat = "ipynb" | "html" | "py";

export const scratchpadQuery = (scratchpad_id: string) =>
  queryOptions({
    queryKey: ["scratchpads", scratchpad_id],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/scratchpads/{scratchpad_id}", { params: { path: { scratchpad_id } }, signal }),
      ),
  });

export const kernelQuery = (scratchpad_id: string) =>
  queryOptions({
    queryKey: ["scratchpads", scratchpad_id, "kernel"],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/scratchpads/{scratchpad_id}/kernel", {
          params: { path: { scratchpad_id } },
          signal,
        }),
      ),
  });

export const createScratchpad = (body: ScratchpadCreate) =>
  unwrap(client.POST("/api/v1/scratchpads", { body }));

export const updateScratchpad = (scratchpad_id: string, body: ScratchpadPatch) =>
  unwrap(client.PATCH("/api/v1/scratchpads/{scratchpad_id}", { params: { path: { scratchpad_id } }, body }));

export const deleteScratchpad = (scratchpad_id: string) =>
  done(client.DELETE("/api/v1/scratchpads/{scratchpad_id}", { params: { path: { scratchpad_id } } }));

/** Nothing in the notebook is executed. */
export const importNotebook = (conversation_id: string, file: File) => {
  const form = new FormData();
  form.append("conversation_id", conversation_id);
  form.append("file", file, file.name);
  return unwrap(
    client.POST("/api/v1/scratchpads/import", {
      body: form as unknown as NotebookForm,
      bodySerializer: () => form,
    }),
  );
};

export const exportUrl = (scratchpad_id: string, format: ExportFormat): string =>
  `/api/v1/scratchpads/${encodeURIComponent(scratchpad_id)}/export?format=${format}`;

export const createCell = (scratchpad_id: string, body: CellCreate) =>
  unwrap(
    client.POST("/api/v1/scratchpads/{scratchpad_id}/cells", { params: { path: { scratchpad_id } }, body }),
  );

/** `isLast`: the window closes, and the request must outlive it; at most 64 kB go so. */
export const updateCell = (scratchpad_id: string, cell_id: string, body: CellPatch, isLast = false) =>
  unwrap(
    client.PATCH("/api/v1/scratchpads/{scratchpad_id}/cells/{cell_id}", {
      params: { path: { scratchpad_id, cell_id } },
      body,
      keepalive: isLast,
    }),
  );

export const deleteCell = (scratchpad_id: string, cell_id: string) =>
  done(
    client.DELETE("/api/v1/scratchpads/{scratchpad_id}/cells/{cell_id}", {
      params: { path: { scratchpad_id, cell_id } },
    }),
  );

/** Answers at once; it ends with the first cell that fails. */
export const runAllCells = (scratchpad_id: string) =>
  unwrap(client.POST("/api/v1/scratchpads/{scratchpad_id}/run-all", { params: { path: { scratchpad_id } } }));

/** The cell that runs; those that wait do not run. */
export const interruptKernel = (scratchpad_id: string) =>
  unwrap(
    client.POST("/api/v1/scratchpads/{scratchpad_id}/interrupt", { params: { path: { scratchpad_id } } }),
  );

export const restartKernel = (scratchpad_id: string) =>
  unwrap(client.POST("/api/v1/scratchpads/{scratchpad_id}/restart", { params: { path: { scratchpad_id } } }));

/** Positions are in Unicode characters. */
export const completeCode = (scratchpad_id: string, body: CompletionRequest, signal?: AbortSignal) =>
  unwrap(
    client.POST("/api/v1/scratchpads/{scratchpad_id}/complete", {
      params: { path: { scratchpad_id } },
      body,
      ...(signal ? { signal } : {}),
    }),
  );
