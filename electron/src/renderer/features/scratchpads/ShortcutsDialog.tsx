/** What the keys do in a notebook. */
import { Dialog } from "@/components/Dialog";
import { Keys } from "@/components/Keys";
import { SHORTCUTS } from "./keys";
import styles from "./ScratchpadView.module.css";

export function ShortcutsDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Keys in a notebook" size="large">
      <div className={styles.shortcuts}>
        {SHORTCUTS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(({ keys: pressed, does }) => (
                <div key={does}>
                  <dt>
                    {pressed.map((shortcut, n) => (
                      <Keys key={n} shortcut={shortcut} />
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
