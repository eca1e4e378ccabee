/** The text of a file, with the places where it stands, and the words that are looked for in it, one after the other. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { fileTextQuery } from "@/api/files";
import type { FileView } from "@/api/types";
import { Button } from "@/components/Button";
import { isShownPicture } from "@/components/fileKind";
import { placeOfCode } from "@/components/placeCode";
import { Empty, Failed, Loading } from "@/components/States";
import { blocksOf } from "./blocks";
import styles from "./FileText.module.css";
import { hitsBefore } from "./hitsBefore";
import { FindBar } from "./FindBar";
import { marked } from "./marked";
import { TextBlock } from "./TextBlock";
import { useHits } from "./useHits";

interface FileTextProps {
  file: FileView;
  /** Words to find. */
  q: string;
  /** Where to begin with them. */
  at: string;
}

export function FileText({ file, q, at }: FileTextProps) {
  const text = useInfiniteQuery(fileTextQuery(file));
  const { mime_type } = file;
  const passages = useMemo(() => text.data?.pages.flatMap((page) => page.data) ?? [], [text.data]);
  const plain = useMemo(() => blocksOf(passages, mime_type), [passages, mime_type]);
  const { blocks, hits } = useMemo(() => marked(plain, q), [plain, q]);
  const first = useMemo(() => {
    const asked = placeOfCode(at);
    return asked ? hitsBefore(blocks, asked) : 0;
  }, [blocks, at]);
  const stepping = useHits(q, hits, first, text);
  const place = useRef<HTMLDivElement>(null);
  useShownHit(place, stepping.at, q);

  if (text.isPending) return <Loading lines={8} label="Loading the text" />;
  if (text.isError && passages.length === 0)
    return <Failed error={text.error} onRetry={() => void text.refetch()} />;
  if (passages.length === 0)
    return isShownPicture(mime_type) ? null : <Empty title="It has no text">{file.text_error}</Empty>;
  return (
    <section aria-label="Text of the file">
      <FindBar key={file.id} q={q} hits={hits} stepping={stepping} hasMore={text.hasNextPage} />
      <div ref={place} className={styles.text}>
        {blocks.map((block) => (
          <TextBlock key={block.key} block={block} />
        ))}
      </div>
      {text.isFetchNextPageError && (
        <Failed isInline error={text.error} onRetry={() => void text.fetchNextPage()} />
      )}
      {text.hasNextPage && !text.isFetchNextPageError && (
        <Button isBusy={text.isFetchingNextPage} onClick={() => void text.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

/** Scrolls to the hit, and tells it from the others: React knows nothing of this attribute, so that no row is drawn anew. */
function useShownHit(place: React.RefObject<HTMLElement | null>, at: number, q: string): void {
  useEffect(() => {
    const mark = place.current?.querySelectorAll("mark").item(at);
    if (at < 0 || !mark) return;
    mark.setAttribute("data-current", "");
    mark.scrollIntoView({ block: "center", inline: "nearest" });
    return () => mark.removeAttribute("data-current");
  }, [place, at, q]);
}
