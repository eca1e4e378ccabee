/** One file: what it is, and its text with the places where it stands. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Fragment } from "react";
import { fileContentUrl, fileQuery, fileTextQuery } from "@/api/files";
import type { FileView as StoredFile, Passage } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { bytes } from "@/components/format";
import { Page } from "@/components/Page";
import { placeWords } from "@/components/placeWords";
import { Snippet } from "@/components/Snippet";
import { Empty, Failed, Loading } from "@/components/States";
import { textStatus } from "@/components/textStatus";
import styles from "./FileView.module.css";
import { markedParts } from "./markedParts";

export function FileView() {
  const { fileId } = useParams({ from: "/files/$fileId" });
  const file = useQuery(fileQuery(fileId));
  if (file.isPending) return <Loading lines={6} />;
  if (file.isError) return <Failed level={1} error={file.error} onRetry={() => void file.refetch()} />;
  const { words, tone } = textStatus(file.data);
  return (
    <Page
      title={file.data.name}
      trail={<Link to="/files">Files</Link>}
      description={`${bytes(file.data.size)} · ${file.data.mime_type}`}
      actions={
        <a href={fileContentUrl(fileId)} download>
          Download
        </a>
      }
    >
      <p className={styles.status}>
        <Badge tone={tone}>{words}</Badge> {file.data.text_error}
      </p>
      {file.data.text_status !== "none" && <FileText file={file.data} />}
      {file.data.text_status === "none" && (
        <Empty title="It has no text">Pictures and such go to the model as they are.</Empty>
      )}
    </Page>
  );
}

function FileText({ file }: { file: StoredFile }) {
  const { q = "" } = useSearch({ from: "/files/$fileId" });
  const text = useInfiniteQuery(fileTextQuery(file.id));
  if (text.isPending) return <Loading lines={8} />;
  if (text.isError) return <Failed error={text.error} onRetry={() => void text.refetch()} />;
  const passages = text.data.pages.flatMap((page) => page.data);
  return (
    <>
      {passages.map((passage, n) => (
        <Fragment key={passage.n}>
          <Heading passage={passage} before={passages[n - 1]} />
          <p className={styles.passage}>
            <Snippet parts={markedParts(passage.text, q)} />
          </p>
        </Fragment>
      ))}
      {text.hasNextPage && (
        <Button isBusy={text.isFetchingNextPage} onClick={() => void text.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}

/** Where a new page, sheet or slide begins. */
function Heading({ passage, before }: { passage: Passage; before: Passage | undefined }) {
  const { page, sheet, slide } = passage.place;
  const words = placeWords({ ...(page && { page }), ...(sheet && { sheet }), ...(slide && { slide }) });
  const isNew = page !== before?.place.page || sheet !== before?.place.sheet || slide !== before?.place.slide;
  return words && isNew ? <h2 className={styles.place}>{words}</h2> : null;
}
