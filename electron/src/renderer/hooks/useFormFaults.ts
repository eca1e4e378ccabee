/** What is wrong with a form: at its fields where they are named, else in one place. The first of them gets the focus. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "@/api/client";

type Faults = Readonly<Record<string, string>>;

const NONE: Faults = {};

/** `isShown`: whether the form has a place for the faults of that field. */
export function useFormFaults(isShown: (field: string) => boolean) {
  const form = useRef<HTMLFormElement>(null);
  const [failure, setFailure] = useState<{ faults: Faults; error: unknown } | null>(null);
  useEffect(() => {
    if (failure) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [failure]);
  const fail = (error: unknown) => {
    const faults = error instanceof ApiError ? error.fields : NONE;
    setFailure({ faults, error: Object.keys(faults).some(isShown) ? null : error });
  };
  /** Before anything was sent. */
  const refuse = (faults: Faults) => setFailure({ faults, error: null });
  const clear = useCallback(() => setFailure(null), []);
  return { form, faults: failure?.faults ?? NONE, error: failure?.error ?? null, fail, refuse, clear };
}
