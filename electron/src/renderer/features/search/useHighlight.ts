/** Which entry Enter runs: the one that was moved to since the text changed, while it is there; else the first.
 * The list itself would forget it where results replace each other as they come. */
import { useState } from "react";

export function useHighlight(query: string, values: readonly string[]) {
  const [moved, setMoved] = useState({ query, value: "" });
  const isThere = moved.query === query && values.includes(moved.value);
  return {
    value: isThere ? moved.value : (values[0] ?? ""),
    // That the list goes to the first by itself is no wish to stay there.
    onValueChange: (value: string) => setMoved({ query, value: value === values[0] ? "" : value }),
  };
}
