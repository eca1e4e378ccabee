/** A notebook as a file, its keys, and its end. */
import { Download, Ellipsis, Keyboard, Trash2, Upload } from "lucide-react";
import { useRef } from "react";
import { exportUrl } from "@/api/scratchpads";
import type { Scratchpad } from "@/api/types";
import { IconButton } from "@/components/Button";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "@/components/Menu";
import type { NotebookActions } from "./useNotebookActions";

export function NotebookMenu({ pad, actions }: { pad: Scratchpad; actions: NotebookActions }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <Menu trigger={<IconButton size="small" label="More for the notebook" icon={<Ellipsis />} />}>
        <MenuLink icon={<Download />} href={exportUrl(pad.id, "ipynb")} download>
          Export for Jupyter (.ipynb)
        </MenuLink>
        <MenuLink icon={<Download />} href={exportUrl(pad.id, "html")} download>
          Export as a page (.html)
        </MenuLink>
        <MenuLink icon={<Download />} href={exportUrl(pad.id, "py")} download>
          Export as a script (.py)
        </MenuLink>
        <MenuItem icon={<Upload />} onSelect={() => field.current?.click()}>
          Import a notebook…
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Keyboard />} shortcut="?" onSelect={actions.help}>
          Keys
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDangerous onSelect={actions.remove}>
          Delete the notebook
        </MenuItem>
      </Menu>
      <input
        ref={field}
        type="file"
        accept=".ipynb,application/x-ipynb+json"
        hidden
        aria-label="Notebook to import"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = "";
          if (file) actions.importFile(file);
        }}
      />
    </>
  );
}
