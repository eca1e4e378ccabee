/** Shows components as the app does: with its providers, each at its address. */
import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect } from "vitest";
import { newQueryClient } from "@/api/queryClient";
import { ConfirmProvider } from "@/components/Confirm";
import { TooltipProvider } from "@/components/Tooltip";

/** `views`: by the patterns of their addresses. */
export async function inApp(views: Record<string, () => ReactNode>, address = "/") {
  const root = createRootRoute();
  const routes = Object.entries(views).map(([path, component]) =>
    createRoute({ getParentRoute: () => root, path, component }),
  );
  const router = createRouter({
    routeTree: root.addChildren(routes),
    history: createMemoryHistory({ initialEntries: [address] }),
  });
  render(
    <QueryClientProvider client={newQueryClient()}>
      <TooltipProvider>
        <ConfirmProvider>
          <RouterProvider router={router as never} />
        </ConfirmProvider>
      </TooltipProvider>
    </QueryClientProvider>,
  );
  await waitFor(() => expect(router.state.status).toBe("idle"));
  return router;
}
