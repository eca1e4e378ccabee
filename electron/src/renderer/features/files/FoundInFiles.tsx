/** Where in files some words stand. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { projectsQuery } from "@/api/projects";
import { searchQuery } from "@/api/search";
import { Button } from "@/components/Button";
import { placeSearch } from "@/components/placeCode";
import { placeWords } from "@/components/placeWords";
import { Snippet } from "@/components/Snippet";
import { Empty, Failed, Loading } from "@/components/States";
import styles from "./FilesView.module.css";

export function FoundInFiles({ query, projectId }: { query: string; projectId: string | undefined }) {
  const found = useInfiniteQuery(
    searchQuery(query, { kind: "file", ...(projectId ? { project_id: projectId } : {}) }),
  );
  const projects = useQuery(projectsQuery);
  const names = new Map(projectId ? [] : projects.data?.data.map(({ id, name }) => [id, name]));
  if (found.isPending) return <Loading lines={4} label="Searching" />;
  if (found.isError) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
  const hits = found.data.pages.flatMap((page) => page.data);
  if (hits.length === 0) return <Empty title="Nothing was found">No file says “{query}”.</Empty>;
  return (
    <>
      <ul className={styles.hits} aria-label="Hits">
        {hits.map((hit, n) => (
          <li key={`${hit.id} ${n}`} className={styles.hit}>
            <Link
              to="/files/$fileId"
              params={{ fileId: hit.id }}
              search={{ q: query, ...placeSearch(hit.place) }}
            >
              <span className={styles.hitName}>{hit.title}</span>
              <span className={styles.hitPlace}>{placeWords(hit.place)}</span>
              <span className={styles.facts}>{names.get(hit.project_id ?? "")}</span>
              <span className={styles.snippet}>
                <Snippet parts={hit.snippet} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {found.hasNextPage && (
        <Button isBusy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}
