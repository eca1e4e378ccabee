/** Text as a terminal shows it: the 16 colours, bold, faint, italic, underlined; of a very long one the ends. */
import { memo, useMemo } from "react";
import { usePinned } from "@/hooks/usePinned";
import { spansOf } from "./ansi";
import { Clamped } from "./Clamped";
import { bytes } from "./format";
import styles from "./TerminalText.module.css";

interface TerminalTextProps {
  text: string;
  className?: string | undefined;
  /** Which output it is, for its name. */
  n: number;
}

export const TerminalText = memo(function TerminalText({ text, className, n }: TerminalTextProps) {
  const box = usePinned<HTMLPreElement>(text);
  return (
    <Clamped text={text}>
      {(clamp, isWhole) => (
        <pre
          ref={box}
          className={className}
          style={clamp}
          // Focusable, since it scrolls.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          role="group"
          aria-label={`Output ${n}`}
        >
          {isWhole ? <Coloured text={text} /> : <Ends text={text} />}
        </pre>
      )}
    </Clamped>
  );
});

/** Characters of each end that are shown at once: more would hold the page up. */
const END = 50_000;

function Ends({ text }: { text: string }) {
  if (text.length <= 2 * END) return <Coloured text={text} />;
  const head = text.lastIndexOf("\n", END) + 1 || END;
  const tail = text.indexOf("\n", text.length - END) + 1 || text.length - END;
  return (
    <>
      <Coloured text={text.slice(0, head)} />
      <span className={styles.left}>{`${bytes(tail - head)} are left out here.\n`}</span>
      <Coloured text={text.slice(tail)} />
    </>
  );
}

const Coloured = memo(function Coloured({ text }: { text: string }) {
  const spans = useMemo(() => spansOf(text), [text]);
  return spans.map((span, place) =>
    span.looks.length === 0 ? (
      span.text
    ) : (
      <span key={place} className={span.looks.map((look) => styles[look]).join(" ")}>
        {span.text}
      </span>
    ),
  );
});
