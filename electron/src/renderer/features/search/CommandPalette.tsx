/** Every action and every thing. */
import { Dialog } from "@/components/Dialog";

export default function CommandPalette({ onClose }: { onClose: () => void }) {
  return <Dialog isOpen onClose={onClose} title="Search and commands" />;
}
