/** What is around all views: server state, theme, live updates, questions, toasts. */
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { newQueryClient } from "@/api/queryClient";
import { ConfirmProvider } from "@/components/Confirm";
import { Toaster } from "@/components/toast";
import { TooltipProvider } from "@/components/Tooltip";
import { LiveProvider } from "@/hooks/live";
import { useThemeAtRoot } from "@/hooks/useTheme";
import { router } from "@/routes";

export function App() {
  const [queries] = useState(newQueryClient);
  const theme = useThemeAtRoot();
  return (
    <QueryClientProvider client={queries}>
      <TooltipProvider>
        <LiveProvider>
          <ConfirmProvider>
            <RouterProvider router={router} />
          </ConfirmProvider>
        </LiveProvider>
      </TooltipProvider>
      <Toaster theme={theme} />
    </QueryClientProvider>
  );
}
