/** Asks once before something that cannot be taken back. */
import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import { Button } from "./Button";
import { Dialog } from "./Dialog";

export interface Question {
  title: string;
  description?: ReactNode;
  /** What the button says: the deed, as "Delete". */
  action: string;
  isDangerous?: boolean;
}

type Ask = (question: Question) => Promise<boolean>;

const Context = createContext<Ask | null>(null);

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<Question | null>(null);
  const answer = useRef<(isAllowed: boolean) => void>(() => undefined);
  const ask = useCallback<Ask>((asked) => {
    answer.current(false);
    setQuestion(asked);
    return new Promise((resolve) => {
      answer.current = resolve;
    });
  }, []);
  const settle = (isAllowed: boolean) => {
    answer.current(isAllowed);
    setQuestion(null);
  };
  const context = useMemo(() => ask, [ask]);
  return (
    <Context value={context}>
      {children}
      <Dialog
        isOpen={question !== null}
        onClose={() => settle(false)}
        title={question?.title ?? ""}
        description={question?.description}
        size="small"
        actions={
          <>
            <Button onClick={() => settle(false)}>Cancel</Button>
            <Button
              kind={question?.isDangerous === false ? "primary" : "danger"}
              onClick={() => settle(true)}
            >
              {question?.action}
            </Button>
          </>
        }
      />
    </Context>
  );
}

/** `await confirm({...})` is true where the user has pressed the deed. */
export function useConfirm(): Ask {
  const ask = use(Context);
  if (!ask) throw new Error("useConfirm needs a ConfirmProvider.");
  return ask;
}
