/** Goes to the message that the address names, loading what is before it until it is there. */
import { useEffect, useRef, type RefObject } from "react";
import type { VirtualizerHandle } from "virtua";
import { toast } from "@/components/toast";
import { focusWhenThere } from "./focus";
import type { Row } from "./rows";

interface ShownItem {
  rows: readonly Row[];
  older: { has: boolean; isLoading: boolean; load: () => void };
  shownItem: string | undefined;
  list: RefObject<VirtualizerHandle | null>;
  letGo: () => void;
}

export function useShownItem({ rows, older, shownItem, list, letGo }: ShownItem): void {
  const wanted = useRef<string>(undefined);
  useEffect(() => {
    if (shownItem === undefined || wanted.current === shownItem || rows.length === 0) return;
    const index = rows.findIndex((row) => row.item?.id === shownItem);
    if (index < 0) {
      if (older.isLoading) return;
      if (older.has) older.load();
      else {
        wanted.current = shownItem;
        toast("This message is not in the task any more.");
      }
      return;
    }
    wanted.current = shownItem;
    letGo();
    list.current?.scrollToIndex(index, { align: "start", offset: -24 });
    focusWhenThere([`[data-item="${CSS.escape(shownItem)}"]`]);
  }, [rows, older, shownItem, list, letGo]);
}
