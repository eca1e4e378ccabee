/** An artifact as it looks, small: the page itself on its own origin, out of reach, while it is near the view. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type RefObject } from "react";
import { previewQuery } from "@/api/artifacts";
import type { Artifact } from "@/api/types";
import styles from "./Thumbnail.module.css";
import { useLoads } from "./useLoads";

export function Thumbnail({ artifact }: { artifact: Artifact }) {
  const place = useRef<HTMLDivElement>(null);
  const isNear = useIsNear(place);
  const loads = useLoads(artifact);
  const preview = useQuery({ ...previewQuery(artifact), enabled: isNear });
  return (
    <div ref={place} className={styles.thumbnail} aria-hidden inert>
      {isNear && preview.data && (
        <iframe
          key={loads}
          title="Preview"
          src={preview.data.serve_url}
          // On an origin that is not ours: it keeps what it stores, and reaches nothing here.
          sandbox="allow-scripts allow-same-origin"
          tabIndex={-1}
          className={styles.frame}
        />
      )}
    </div>
  );
}

/** Far from what is seen, pages that run would only cost. */
function useIsNear(place: RefObject<HTMLElement | null>): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: "400px",
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [place]);
  return isNear;
}
