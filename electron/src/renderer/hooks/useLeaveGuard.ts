/** Asks before what was typed and is not saved is left, be it by a link or by closing the window. */
import { useBlocker } from "@tanstack/react-router";
import { useConfirm } from "@/components/Confirm";

export function useLeaveGuard(isUnsaved: boolean, what: string): void {
  const confirm = useConfirm();
  useBlocker({
    disabled: !isUnsaved,
    enableBeforeUnload: isUnsaved,
    shouldBlockFn: async () =>
      !(await confirm({
        title: "Leave without saving?",
        description: `What you have changed in ${what} will be lost.`,
        action: "Leave",
      })),
  });
}
