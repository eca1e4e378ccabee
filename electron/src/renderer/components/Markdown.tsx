/** Prose of an answer. */
import { memo } from "react";

export const Markdown = memo(function Markdown({ text }: { text: string; isStreaming?: boolean }) {
  return <div style={{ whiteSpace: "pre-wrap" }}>{text}</div>;
});
