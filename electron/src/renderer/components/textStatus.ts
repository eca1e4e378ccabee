/** What has become of a file's text, in words. */
import type { FileView } from "@/api/types";
import type { Tone } from "./Badge";

export function textStatus(file: FileView): { words: string; tone: Tone } {
  switch (file.text_status) {
    case "none":
      return { words: "No text", tone: "neutral" };
    case "pending":
      return { words: "Waits to be read", tone: "info" };
    case "extracting": {
      const { done, total } = file.text_progress ?? { done: 0, total: null };
      return { words: total ? `Read ${done} of ${total}` : "Being read", tone: "info" };
    }
    case "ready":
      return { words: "Searchable", tone: "good" };
    case "partial":
      return { words: "Partly searchable", tone: "warning" };
    case "failed":
      return { words: "Could not be read", tone: "danger" };
  }
}
