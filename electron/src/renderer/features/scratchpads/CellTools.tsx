/** A cell's kind, and all that can be done with it, for those who do not use the keys. */
import {
  ArrowDown,
  ArrowUp,
  ChevronDown,
  ClipboardPaste,
  Copy,
  Ellipsis,
  Scissors,
  Trash2,
} from "lucide-react";
import { Button, IconButton } from "@/components/Button";
import { classes } from "@/components/classes";
import { Menu, MenuChoices, MenuItem, MenuSeparator } from "@/components/Menu";
import styles from "./CellRow.module.css";
import { useShared } from "./context";
import type { Entry } from "./entries";
import { KINDS, kindOf } from "./kinds";
import type { Deed } from "./keys";
import { useMenuDeed } from "./useMenuDeed";

export function CellTools({ entry, place, isChosen }: { entry: Entry; place: number; isChosen: boolean }) {
  const { notebook, perform } = useShared();
  const { key } = entry;
  const tabIndex = isChosen ? 0 : -1;
  const kind = kindOf(entry.cell);
  // Most are Python; of others it is said without being asked.
  const isOther = entry.cell.type === "code" && kind.value !== "python";
  const { choose, onCloseFocus } = useMenuDeed();
  const kinds = (
    <MenuChoices
      label="Kind of cell"
      value={kind.value}
      options={KINDS}
      onChange={(value) => {
        const chosen = KINDS.find((one) => one.value === value);
        if (chosen) notebook.turnInto(key, chosen.type, chosen.language);
      }}
    />
  );
  const item = (deed: Deed, label: string, icon: React.ReactNode, shortcut?: string) => (
    <MenuItem
      icon={icon}
      {...(shortcut ? { shortcut } : {})}
      isDangerous={deed === "delete"}
      onSelect={() => choose(() => perform(deed, key))}
    >
      {label}
    </MenuItem>
  );
  return (
    <div className={classes(styles.tools, isChosen && styles.shown, isOther && styles.named)}>
      <Menu
        trigger={
          <Button
            kind="ghost"
            size="small"
            tabIndex={tabIndex}
            className={styles.kind}
            aria-label={`${kind.label}: kind of cell ${place}`}
          >
            {kind.label}
            <ChevronDown aria-hidden />
          </Button>
        }
      >
        {kinds}
      </Menu>
      <Menu
        onCloseFocus={onCloseFocus}
        trigger={
          <IconButton size="small" tabIndex={tabIndex} label={`More for cell ${place}`} icon={<Ellipsis />} />
        }
      >
        {kinds}
        <MenuSeparator />
        {item("moveUp", "Move up", <ArrowUp />, "mod+shift+↑")}
        {item("moveDown", "Move down", <ArrowDown />, "mod+shift+↓")}
        <MenuSeparator />
        {item("above", "Add a cell above", null, "a")}
        {item("below", "Add a cell below", null, "b")}
        <MenuSeparator />
        {item("cut", "Cut", <Scissors />, "x")}
        {item("copy", "Copy", <Copy />, "c")}
        {item("paste", "Paste below", <ClipboardPaste />, "v")}
        <MenuSeparator />
        {item("delete", "Delete", <Trash2 />)}
      </Menu>
    </div>
  );
}
