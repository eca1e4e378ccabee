/** Where a task is written to: text, attachments, skills, the model, and what waits while a turn runs. */

export interface ComposerProps {
  conversationId: string;
  projectId: string | null;
  /** The turn that runs now. */
  runningResponseId: string | null;
  /** A turn has started. */
  onSent: (responseId: string) => void;
}

export function Composer({ conversationId }: ComposerProps) {
  return <form data-conversation={conversationId} />;
}
