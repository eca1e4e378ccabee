/** Whether somebody has begun to work in this browser, and so needs no first steps any more. */
import { useStored, writeStored } from "@/hooks/useStored";

const KEY = "cowork.started";

export function useStarted(): boolean {
  const [isStarted] = useStored(KEY, false);
  return isStarted;
}

export const markStarted = (): void => writeStored(KEY, true);
