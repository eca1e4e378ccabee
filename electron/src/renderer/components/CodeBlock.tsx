/** Code that is read: highlighted once its language is loaded, copied by a button. */
import { Check, Copy } from "lucide-react";
import { memo, useEffect, useState } from "react";
import { usePinned } from "@/hooks/usePinned";
import { IconButton } from "./Button";
import { Clamped } from "./Clamped";
import styles from "./CodeBlock.module.css";
import type { Piece } from "./highlight";
import { toastError } from "./toast";

interface CodeBlockProps {
  code: string;
  language?: string;
}

export const CodeBlock = memo(function CodeBlock({ code, language }: CodeBlockProps) {
  const pieces = usePieces(code, language);
  const box = usePinned<HTMLPreElement>(code);
  return (
    <Clamped text={code}>
      {(clamp) => (
        <div className={styles.block}>
          <pre
            ref={box}
            // Focusable, since it scrolls.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            tabIndex={0}
            // Not a landmark: there are many, of one name.
            role="group"
            aria-label={language ? `Code, ${language}` : "Code"}
            className={styles.code}
            style={clamp}
          >
            <code>
              {pieces.map(({ text, classes }, n) => (
                <span key={n} className={classes}>
                  {text}
                </span>
              ))}
            </code>
          </pre>
          <CopyButton text={code} />
        </div>
      )}
    </Clamped>
  );
});

/** What is highlighted stays so while more of the code comes. */
function usePieces(code: string, language: string | undefined): readonly Piece[] {
  const [found, setFound] = useState<{ code: string; language: string; pieces: readonly Piece[] }>();
  useEffect(() => {
    if (!language) return;
    let isWanted = true;
    void import("./highlight")
      .then(({ highlight }) => highlight(code, language))
      // Without its parser, as after an update of the server, it stays plain.
      .then(
        (pieces) => isWanted && setFound({ code, language, pieces }),
        () => undefined,
      );
    return () => {
      isWanted = false;
    };
  }, [code, language]);
  if (found?.language !== language || !found?.code || !code.startsWith(found.code)) return plain(code);
  return [...found.pieces, ...plain(code.slice(found.code.length))];
}

const plain = (text: string): Piece[] => (text ? [{ text, classes: "" }] : []);

const SHOWN_FOR = 1_500;

function CopyButton({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_FOR);
  };
  return (
    <IconButton
      label={isCopied ? "Copied" : "Copy the code"}
      icon={isCopied ? <Check /> : <Copy />}
      size="small"
      className={styles.copy}
      onClick={() => void copy().catch(toastError)}
    />
  );
}
