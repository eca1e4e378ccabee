/** HTML that a cell put out, in a frame that reaches nothing: no network, no storage, not this page. */
import { memo, useEffect, useRef, useState } from "react";
import { useTheme } from "@/hooks/useTheme";
import styles from "./HtmlFrame.module.css";

const FIRST_HEIGHT = 40;
/** What is higher scrolls inside: its own word for its height is not to be trusted. */
const HIGHEST = 1_200;
const PASSED_ON = ["--text", "--text-muted", "--border", "--font"] as const;

export const HtmlFrame = memo(function HtmlFrame({ html, title }: { html: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  /** The ground that the frame which has loaded is for. */
  const [loaded, setLoaded] = useState<string>();
  const [height, setHeight] = useState(FIRST_HEIGHT);
  const theme = useTheme();
  const ground = groundOf(html);

  useEffect(() => {
    const hear = ({ source, data }: MessageEvent<{ type?: unknown; height?: unknown } | null>) => {
      if (source !== frame.current?.contentWindow || data?.type !== "height") return;
      const told = Number(data.height);
      if (Number.isFinite(told)) setHeight(Math.min(HIGHEST, Math.max(1, Math.ceil(told))));
    };
    globalThis.addEventListener("message", hear);
    return () => globalThis.removeEventListener("message", hear);
  }, []);

  useEffect(() => {
    if (loaded !== ground) return;
    // The page takes on its theme after this: the colours are there with the next picture.
    const soon = requestAnimationFrame(() => {
      const looks = getComputedStyle(document.documentElement);
      const passedOn = Object.fromEntries(PASSED_ON.map((name) => [name, looks.getPropertyValue(name)]));
      // The frame has an origin that is nobody's, so that none can be named.
      frame.current?.contentWindow?.postMessage(
        { type: "show", html, theme: { colorScheme: theme, ...passedOn } },
        "*",
      );
    });
    return () => cancelAnimationFrame(soon);
  }, [loaded, ground, html, theme]);

  return (
    <iframe
      key={ground}
      ref={frame}
      title={title}
      src="/frame.html"
      sandbox="allow-scripts"
      className={styles.frame}
      style={{ height }}
      onLoad={() => setLoaded(ground)}
    />
  );
});

/** What the scripts of one output have declared is not there for the next: each has a frame of its own. Without scripts
    one frame serves all, so that a bar of progress is drawn where it is. */
const groundOf = (html: string): string => (/<script|<iframe|[\s/"']on\w+\s*=/i.test(html) ? html : "");
