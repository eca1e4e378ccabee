/** What can be connected, found by words or category, by keyboard too. */
import { Link, useNavigate } from "@tanstack/react-router";
import { useId, useRef, useState, type KeyboardEvent } from "react";
import type { ConnectorSpec } from "@/api/types";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Empty } from "@/components/States";
import styles from "./ConnectorsView.module.css";
import { Monogram } from "./Monogram";
import { CATEGORIES, foundSpecs, type Category } from "./foundSpecs";

export function Catalogue({ specs }: { specs: readonly ConnectorSpec[] }) {
  const [words, setWords] = useState("");
  const [category, setCategory] = useState<Category | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const navigate = useNavigate();
  const countId = useId();
  const found = foundSpecs(specs, words, category);
  const onKeyDown = (event: KeyboardEvent) => {
    const [first] = found;
    if (event.key === "Enter" && words.trim() && first && !event.nativeEvent.isComposing) {
      void navigate({ to: "/connectors/new/$specId", params: { specId: first.id } });
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      list.current?.querySelector("a")?.focus();
    }
  };
  return (
    <>
      <div className={styles.search}>
        <TextField
          label="Search connectors"
          isLabelHidden
          type="search"
          placeholder="Search, as “postgres” or “mail”"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div role="group" aria-label="Category" className={styles.categories}>
          {[null, ...CATEGORIES.map(([id]) => id)].map((id) => (
            <Button
              key={id ?? "all"}
              kind="ghost"
              size="small"
              aria-pressed={category === id}
              onClick={() => setCategory(id)}
            >
              {CATEGORIES.find(([known]) => known === id)?.[1] ?? "All"}
            </Button>
          ))}
        </div>
      </div>
      <p id={countId} role="status" className="visually-hidden">
        {found.length === 1 ? "1 connector" : `${String(found.length)} connectors`}
      </p>
      {found.length === 0 && (
        <Empty title="Nothing fits">
          Any HTTP API, GraphQL endpoint or MCP server can be connected too: look under “Web” and “MCP”.
        </Empty>
      )}
      <ul ref={list} className={styles.catalogue}>
        {found.map((spec) => (
          <li key={spec.id}>
            <Link
              to="/connectors/new/$specId"
              params={{ specId: spec.id }}
              className={styles.tile}
              onKeyDown={(event) => moveAmong(list.current, event)}
            >
              <Monogram id={spec.id} name={spec.name} />
              <span>
                <span className={styles.name}>{spec.name}</span>
                <span className={styles.description}>{spec.description}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Arrow keys go to the next and the one before. */
function moveAmong(list: HTMLElement | null, event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!list || !step) return;
  event.preventDefault();
  const links = Array.from(list.querySelectorAll("a"));
  links[links.findIndex((link) => link === event.currentTarget) + step]?.focus();
}
