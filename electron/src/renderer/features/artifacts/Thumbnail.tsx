/** An artifact as it looks, small: the page itself on its own origin, out of reach, once it comes into view. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { previewQuery } from "@/api/artifacts";
import type { Artifact } from "@/api/types";
import styles from "./Thumbnail.module.css";

export function Thumbnail({ artifact }: { artifact: Artifact }) {
  const place = useRef<HTMLSpanElement>(null);
  const isSeen = useIsSeen(place);
  const preview = useQuery({ ...previewQuery(artifact), enabled: isSeen });
  return (
    <span ref={place} className={styles.thumbnail} aria-hidden>
      {preview.data && (
        <iframe
          key={artifact.version}
          title="Preview"
          src={preview.data.serve_url}
          sandbox="allow-scripts allow-same-origin"
          tabIndex={-1}
          inert
          className={styles.frame}
        />
      )}
    </span>
  );
}

function useIsSeen(place: React.RefObject<HTMLElement | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (isSeen || !place.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true),
      { rootMargin: "200px" },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [isSeen, place]);
  return isSeen;
}
