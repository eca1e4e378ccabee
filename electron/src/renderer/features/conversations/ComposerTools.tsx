/** What stands below a message: attach, whose it is, the model, stop, send. */
import { ArrowUp, Paperclip, Square } from "lucide-react";
import { useRef } from "react";
import { IconButton } from "@/components/Button";
import { bytes } from "@/components/format";
import type { ComposerBoxProps } from "./ComposerBox";
import styles from "./Composer.module.css";
import { ModelPicker } from "./ModelPicker";

interface ComposerToolsProps extends Pick<
  ComposerBoxProps,
  "isRunning" | "isStopping" | "projectId" | "taskKey" | "tools"
> {
  hasText: boolean;
  isBusy: boolean;
  isWaiting: boolean;
  /** Bytes of one file; null: not known yet. */
  largest: number | null;
  onFiles: (files: File[]) => void;
  onStop: () => void;
}

export function ComposerTools(props: ComposerToolsProps) {
  const { isRunning = false, isStopping = false, hasText, isBusy } = props;
  return (
    <div className={styles.tools}>
      <AttachButton onFiles={props.onFiles} largest={props.largest} />
      {props.tools}
      <ModelPicker taskKey={props.taskKey} projectId={props.projectId} />
      <span className={styles.gap} role="status">
        {props.isWaiting && "Sends when the files are uploaded"}
        {isStopping && "Stopping…"}
      </span>
      {isRunning && (
        <IconButton
          label="Stop"
          icon={<Square className={styles.stop} />}
          shortcut="mod+."
          kind="secondary"
          aria-disabled={isStopping || undefined}
          onClick={props.onStop}
        />
      )}
      {(!isRunning || hasText) && (
        <IconButton
          type="submit"
          label={isRunning ? "Send when this turn ends" : "Send"}
          shortcut="enter"
          icon={<ArrowUp />}
          kind="primary"
          aria-disabled={!hasText || isBusy || undefined}
        />
      )}
    </div>
  );
}

interface AttachButtonProps {
  onFiles: (files: File[]) => void;
  largest: number | null;
}

function AttachButton({ onFiles, largest }: AttachButtonProps) {
  const picker = useRef<HTMLInputElement>(null);
  const limit = largest === null ? "" : ` (up to ${bytes(largest)} each)`;
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label="Files to attach"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file can be picked again.
          event.target.value = "";
        }}
      />
      <IconButton
        label={`Attach files${limit}`}
        icon={<Paperclip />}
        onClick={() => picker.current?.click()}
      />
    </>
  );
}
