/** Code that is read: highlighted once its language is loaded, copied by a button. */
import { Check, Copy } from "lucide-react";
import { memo, useEffect, useState } from "react";
import { IconButton } from "./Button";
import styles from "./CodeBlock.module.css";
import type { Piece } from "./highlight";

interface CodeBlockProps {
  code: string;
  language?: string;
}

export const CodeBlock = memo(function CodeBlock({ code, language }: CodeBlockProps) {
  const pieces = usePieces(code, language);
  return (
    <div className={styles.block}>
      <pre
        // Focusable, since it scrolls.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-label={language ? `Code, ${language}` : "Code"}
        className={styles.code}
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
  );
});

function usePieces(code: string, language: string | undefined): readonly Piece[] {
  const [found, setFound] = useState<{ code: string; pieces: readonly Piece[] }>();
  useEffect(() => {
    if (!language) return;
    let isWanted = true;
    void import("./highlight")
      .then(({ highlight }) => highlight(code, language))
      .then((pieces) => isWanted && setFound({ code, pieces }));
    return () => {
      isWanted = false;
    };
  }, [code, language]);
  return found?.code === code ? found.pieces : [{ text: code, classes: "" }];
}

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
      onClick={() => void copy().catch(() => undefined)}
    />
  );
}
