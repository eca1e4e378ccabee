/** The form that every message is written in, of a task and of one that is not there yet. */
import { useEffect, useId, useRef, useState, type SubmitEvent, type ReactNode } from "react";
import { messageOf } from "@/api/client";
import { deleteUpload } from "@/api/uploads";
import { classes } from "@/components/classes";
import { plural } from "@/components/format";
import { toastError } from "@/components/toast";
import { pastedFiles, useFileDrop } from "@/hooks/useFileDrop";
import { useLargestFile } from "@/hooks/useLargestFile";
import { useMediaQuery } from "@/hooks/useMediaQuery";
import {
  attach,
  changeDraft,
  clearDraft,
  detach,
  readDraft,
  useDraft,
  type Attached,
  type Draft,
} from "@/state/draft";
import {
  dropUpload,
  retryUpload,
  upload,
  uploadsSettled,
  useUploads,
  type Destination,
} from "@/state/uploads";
import { Attachments } from "./Attachments";
import styles from "./Composer.module.css";
import { ComposerTools } from "./ComposerTools";
import { MessageField } from "./MessageField";

export interface ComposerBoxProps {
  draftKey: string;
  /** Whose model choice is remembered. */
  taskKey: string;
  projectId: string | null;
  label: string;
  placeholder: string;
  /** The conversation, which is made where there is none yet. */
  place: () => Promise<string>;
  /** Sends it, or lets it wait. What it throws is shown, and the message stays. */
  submit: (draft: Draft) => Promise<void>;
  isRunning?: boolean;
  onStop?: () => void;
  isStopping?: boolean;
  onRecall?: () => void;
  /** The last file was taken off. */
  onBare?: () => void;
  tools?: ReactNode;
  isLarge?: boolean;
}

export function ComposerBox(props: ComposerBoxProps) {
  const { draftKey, isLarge = false } = props;
  const draft = useDraft(draftKey);
  const uploads = useUploads(draftKey);
  const field = useRef<HTMLTextAreaElement>(null);
  const faultId = useId();
  const files = useAttaching(props);
  const isOver = useFileDrop(files.add);
  const sending = useSending(props);
  const focus = () => field.current?.focus();
  useFirstFocus(focus);

  const isEmpty = !draft.text.trim();
  const stop = () => {
    props.onStop?.();
    focus();
  };
  const send = () => {
    if (!isEmpty) void sending.send();
    focus();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    send();
  };

  return (
    <form className={classes(styles.box, isLarge && styles.large)} onSubmit={submit}>
      {isOver && (
        <div className={styles.drop} aria-hidden>
          Drop files to attach them
        </div>
      )}
      <Attachments
        files={draft.files}
        uploads={uploads}
        skills={draft.skills}
        onRemoveFile={(file) => {
          files.remove(file);
          focus();
        }}
        onRemoveSkill={({ id }) => {
          changeDraft(draftKey, { skills: draft.skills.filter((skill) => skill.id !== id) });
          focus();
        }}
        onDropUpload={({ id }) => {
          dropUpload(draftKey, id);
          sending.forgive();
          focus();
        }}
        onRetryUpload={({ id }) => {
          retryUpload(draftKey, id);
          sending.forgive();
          focus();
        }}
      />
      <div role="status" className="visually-hidden">
        {uploads.length > 0 && `${plural(uploads.length, "upload")} under way or failed`}
        {uploads.length === 0 && draft.files.length > 0 && `${plural(draft.files.length, "file")} attached`}
      </div>
      <MessageField
        field={field}
        label={props.label}
        placeholder={props.placeholder}
        text={draft.text}
        skills={draft.skills}
        isReadOnly={sending.isBusy}
        describedBy={sending.fault === null ? undefined : faultId}
        onChange={(text) => {
          changeDraft(draftKey, { text });
          sending.forgive();
        }}
        onSend={send}
        onSkill={({ id, name }) => changeDraft(draftKey, { skills: [...draft.skills, { id, name }] })}
        onRecall={() => props.onRecall?.()}
        onPaste={(data) => {
          const pasted = pastedFiles(data, new Date());
          if (pasted.length > 0) files.add(pasted);
          return pasted.length > 0;
        }}
      />
      {sending.fault !== null && (
        <p id={faultId} role="alert" className={styles.fault}>
          {sending.fault}
        </p>
      )}
      <ComposerTools
        {...props}
        hasText={!isEmpty}
        isBusy={sending.isBusy}
        isWaiting={sending.isWaiting}
        largest={files.largest}
        onFiles={files.add}
        onStop={stop}
      />
    </form>
  );
}

/** Sends the draft when its files are there; what fails is said, and nothing of it is lost. */
function useSending({ draftKey, submit }: ComposerBoxProps) {
  const [state, setState] = useState<"idle" | "waiting" | "sending">("idle");
  const [fault, setFault] = useState<string | null>(null);
  const uploads = useUploads(draftKey);
  const send = async () => {
    if (state !== "idle") return;
    setFault(null);
    try {
      if (uploads.length > 0) {
        setState("waiting");
        if (!(await uploadsSettled(draftKey))) {
          setFault("Not sent: a file could not be uploaded. Upload it again or remove it, then press Send.");
          return;
        }
      }
      setState("sending");
      await submit(readDraft(draftKey));
      clearDraft(draftKey);
    } catch (error) {
      setFault(`Not sent: ${messageOf(error)} Your message is kept; press Send to try again.`);
    } finally {
      setState("idle");
    }
  };
  return {
    send,
    fault,
    forgive: () => setFault(null),
    isBusy: state === "sending",
    isWaiting: state === "waiting",
  };
}

function useAttaching({ draftKey, place, onBare }: ComposerBoxProps) {
  const { largest, refusal } = useLargestFile();
  const remove = (file: Attached) => {
    detach(draftKey, file.id);
    if (!file.isShared) {
      void deleteUpload(file.id).catch((error: unknown) => {
        attach(draftKey, file);
        toastError(error);
      });
    }
    if (readDraft(draftKey).files.length === 0) onBare?.();
  };
  const destination: Destination = {
    place: async () => ({ conversation_id: await place() }),
    refusal,
    onStored: ({ id, name, size, mime_type }) => attach(draftKey, { id, name, size, mime_type }),
  };
  return { largest, remove, add: (files: readonly File[]) => upload(draftKey, files, destination) };
}

/** Where one can type at once, one is there; on a touch screen the keyboard would cover the view. */
function useFirstFocus(focus: () => void): void {
  const hasKeyboard = useMediaQuery("(pointer: fine)");
  const latest = useRef(focus);
  useEffect(() => {
    if (hasKeyboard) latest.current();
  }, [hasKeyboard]);
}
