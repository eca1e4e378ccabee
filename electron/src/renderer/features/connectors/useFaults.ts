/** What is wrong with a form: at its fields where the server names them, else in one place. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "@/api/client";

const NONE: Readonly<Record<string, string>> = {};

export function useFaults() {
  const form = useRef<HTMLFormElement>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const faults = failure instanceof ApiError ? failure.fields : NONE;
  const hasFaults = Object.keys(faults).some((key) => key === "name" || key.startsWith("credentials."));
  useEffect(() => {
    if (failure !== null) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [failure]);
  const clear = useCallback(() => setFailure(null), []);
  return { form, faults, error: hasFaults ? null : failure, fail: setFailure, clear };
}
