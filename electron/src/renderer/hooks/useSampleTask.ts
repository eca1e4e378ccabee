/** Begins the sample task and shows it. */
import { useState } from "react";
import { startSample } from "@/api/sample";
import { toastError } from "@/components/toast";
import { markStarted } from "@/state/started";
import { useShowTask } from "./useShowTask";

export function useSampleTask(): { begin: () => void; isBusy: boolean } {
  const [isBusy, setBusy] = useState(false);
  const show = useShowTask();
  const begin = async () => {
    setBusy(true);
    try {
      const response = await startSample();
      markStarted();
      await show(response);
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  return { begin: () => void begin(), isBusy };
}
