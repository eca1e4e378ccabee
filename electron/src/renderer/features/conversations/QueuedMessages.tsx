/** What waits until the turn has ended: each can be changed and removed. */
import { Clock, Paperclip, Pencil, X } from "lucide-react";
import { Button, IconButton } from "@/components/Button";
import type { Queue, Waiting } from "@/state/queue";
import styles from "./QueuedMessages.module.css";

interface QueuedMessagesProps {
  queue: Queue;
  onEdit: (message: Waiting) => void;
  onRemove: (message: Waiting) => void;
  onRelease: () => void;
}

export function QueuedMessages({ queue, onEdit, onRemove, onRelease }: QueuedMessagesProps) {
  if (queue.messages.length === 0) return null;
  return (
    <section className={styles.queue} aria-label="Waiting messages">
      {queue.hold !== undefined && (
        <p className={styles.hold} role="status">
          <span>Not sent yet: {queue.hold}</span>
          <Button size="small" onClick={onRelease}>
            Send now
          </Button>
        </p>
      )}
      <ul className={styles.pills}>
        {queue.messages.map((message) => (
          <li key={message.id} className={styles.pill}>
            <Clock className={styles.icon} aria-hidden />
            <span className={styles.text} title={message.text}>
              {message.text}
            </span>
            {message.files.length > 0 && (
              <span className={styles.files}>
                <Paperclip aria-hidden />
                {message.files.length}
                <span className="visually-hidden"> attached</span>
              </span>
            )}
            <IconButton
              label={`Edit “${short(message.text)}”`}
              icon={<Pencil />}
              size="small"
              onClick={() => onEdit(message)}
            />
            <IconButton
              label={`Remove “${short(message.text)}”`}
              icon={<X />}
              size="small"
              onClick={() => onRemove(message)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
