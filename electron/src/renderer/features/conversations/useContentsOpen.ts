/** Whether what belongs to the task is shown: beside it that is remembered, as a drawer it is not. */
import { useState } from "react";
import { useMediaQuery } from "@/hooks/useMediaQuery";
import { useStored } from "@/hooks/useStored";

export function useContentsOpen() {
  const isDrawer = useMediaQuery("(max-width: 1180px)");
  const [isKeptOpen, keepOpen] = useStored("cowork.contents.open", true);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  return isDrawer
    ? { isDrawer, isOpen: isDrawerOpen, setOpen: setDrawerOpen }
    : { isDrawer, isOpen: isKeptOpen, setOpen: keepOpen };
}
