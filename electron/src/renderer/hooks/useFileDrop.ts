/** Files that are dropped anywhere in the window, and how they come out of a paste. */
import { useEffect, useEffectEvent, useState } from "react";
import { toast } from "@/components/toast";

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;

/** Whether files hover over the window; `onFiles` gets what is dropped. */
export function useFileDrop(onFiles: (files: File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  const drop = useEffectEvent((transfer: DataTransfer) => {
    const files = filesOf(transfer);
    if (files.length > 0) onFiles(files);
  });
  useEffect(() => {
    // Each element that is entered is told before the one that is left.
    let depth = 0;
    const ended = new AbortController();
    const on = (type: "dragenter" | "dragleave" | "dragover" | "drop", deed: (event: DragEvent) => void) =>
      globalThis.addEventListener(type, (event) => hasFiles(event) && deed(event), { signal: ended.signal });
    on("dragenter", () => setOver((depth += 1) > 0));
    on("dragleave", () => setOver((depth -= 1) > 0));
    on("dragover", (event) => event.preventDefault());
    on("drop", (event) => {
      event.preventDefault();
      depth = 0;
      setOver(false);
      if (event.dataTransfer) drop(event.dataTransfer);
    });
    return () => ended.abort();
  }, []);
  return isOver;
}

function filesOf(transfer: DataTransfer): File[] {
  const files: File[] = [];
  for (const item of transfer.items) {
    const file = item.kind === "file" ? item.getAsFile() : null;
    if (!file) continue;
    if (item.webkitGetAsEntry()?.isDirectory) toast(`“${file.name}” is a folder. Take the files in it.`);
    else files.push(file);
  }
  return files;
}

/** The files of a paste; none where it has text that pictures only show, as from a spreadsheet. */
export function pastedFiles(data: DataTransfer, now: Date): File[] {
  const files = [...data.files];
  const isPicture = (file: File) => file.type.startsWith("image/");
  if (data.getData("text/plain").trim() && files.every(isPicture)) return [];
  const time = now.toTimeString().slice(0, 8).replaceAll(":", "-");
  return files.map((file) =>
    // What browsers call every picture of the clipboard.
    isPicture(file) && /^image\.\w+$/.test(file.name)
      ? new File([file], file.name.replace("image", `pasted-${time}`), { type: file.type })
      : file,
  );
}
