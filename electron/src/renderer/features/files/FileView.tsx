/** One file: what it is, how it looks, and its text with the places where it stands. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useState } from "react";
import { fileContentUrl, fileQuery } from "@/api/files";
import type { FileView as StoredFile } from "@/api/types";
import { ButtonLink } from "@/components/Button";
import { fileKind, isShownPicture } from "@/components/fileKind";
import { FileMenu } from "@/components/FileMenu";
import { FileOwners } from "@/components/FileOwners";
import { FileStatus } from "@/components/FileStatus";
import { bytes } from "@/components/format";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import { FileText } from "./FileText";
import styles from "./FileView.module.css";

export function FileView() {
  const { fileId } = useParams({ from: "/files/$fileId" });
  const { q = "", at = "" } = useSearch({ from: "/files/$fileId" });
  const navigate = useNavigate();
  const file = useQuery(fileQuery(fileId));
  if (file.isPending) return <Loading lines={6} />;
  if (file.isError) return <Failed level={1} error={file.error} onRetry={() => void file.refetch()} />;
  return (
    <Page
      title={file.data.name}
      trail={<Link to="/files">Files</Link>}
      description={<Facts file={file.data} />}
      actions={
        <>
          <ButtonLink href={fileContentUrl(fileId)} download icon={<Download />}>
            Download
          </ButtonLink>
          <FileMenu file={file.data} onDeleted={() => void navigate({ to: "/files" })} />
        </>
      }
      isWide={isTabular(file.data)}
    >
      {isShownPicture(file.data.mime_type) && <Picture key={fileId} file={file.data} />}
      <TextOf file={file.data} q={q} at={at} />
    </Page>
  );
}

const isTabular = ({ mime_type }: StoredFile): boolean => {
  const { words } = fileKind(mime_type);
  return words === "Table" || words === "Spreadsheet";
};

const Facts = ({ file }: { file: StoredFile }) => (
  <span className={styles.facts}>
    <span>{fileKind(file.mime_type).words}</span>
    <span>{bytes(file.size)}</span>
    <span>
      Added <Time at={file.created_at} />
    </span>
    <FileOwners file={file} />
    <FileStatus file={file} />
  </span>
);

function Picture({ file }: { file: StoredFile }) {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <Empty title="The picture cannot be shown">Download it to look at it.</Empty>;
  return (
    <figure className={styles.figure}>
      <img src={fileContentUrl(file.id)} alt={file.name} onError={() => setBroken(true)} />
    </figure>
  );
}

/** What there is of its text, or why there is none. */
function TextOf({ file, ...find }: { file: StoredFile; q: string; at: string }) {
  switch (file.text_status) {
    case "none":
      return isShownPicture(file.mime_type) ? null : (
        <Empty title="It has no text to show">Tasks get the file as it is. Download it to look at it.</Empty>
      );
    case "pending":
    case "extracting":
      return (
        <Empty title="Its text is being read">
          It is shown here, and found by the search, when it is done.
        </Empty>
      );
    case "failed":
      return <Empty title="Its text could not be read">{file.text_error}</Empty>;
    case "partial":
      return (
        <>
          <p className={styles.partial}>{file.text_error}</p>
          <FileText file={file} {...find} />
        </>
      );
    case "ready":
      return <FileText file={file} {...find} />;
  }
}
