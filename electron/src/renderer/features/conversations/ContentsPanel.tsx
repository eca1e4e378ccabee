/** What belongs to a task: its notebooks, artifacts, files, memories and skills, its tokens and cost. */

export function ContentsPanel({ conversationId }: { conversationId: string }) {
  return <section data-conversation={conversationId} />;
}
