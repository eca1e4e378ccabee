/** Every action and every thing, found as one types; what was used last comes first. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command as Palette } from "cmdk";
import { Search } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useState } from "react";
import { conversationsQuery } from "@/api/conversations";
import { quickSearchQuery } from "@/api/search";
import type { SearchHit } from "@/api/types";
import { messageOf } from "@/api/client";
import { Keys } from "@/components/Keys";
import { useCommandList, type Command } from "@/hooks/commands";
import { useDebounced } from "@/hooks/useDebounced";
import { useStored } from "@/hooks/useStored";
import styles from "./CommandPalette.module.css";
import { Hit } from "./Hit";
import { placeOf } from "./placeOf";
import { matching, noteRecent } from "./ranking";
import { RecentTasks } from "./RecentTasks";
import { useHighlight } from "./useHighlight";
import { valueOf } from "./valueOf";

const NONE: readonly string[] = [];
const RECENT_TASKS = 5;

export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [recent, setRecent] = useStored("cowork.palette.recent", NONE);
  const query = text.trim();
  const commands = matching(useCommandList(), query, recent).filter((command) => command.id !== "palette");
  const hits = useQuery(quickSearchQuery(useDebounced(query, 120)));
  const tasks = useInfiniteQuery(conversationsQuery({ status: "active" }));
  const navigate = useNavigate();
  const recentTasks = query ? [] : (tasks.data?.pages[0]?.data.slice(0, RECENT_TASKS) ?? []);
  const found = query ? (hits.data?.data ?? []) : [];
  const highlight = useHighlight(query, [
    ...recentTasks.map(valueOf.task),
    ...commands.map(valueOf.command),
    ...found.map(valueOf.hit),
  ]);

  const run = (command: Command) => {
    setRecent(noteRecent(recent, command.id));
    onClose();
    command.run();
  };
  const show = (hit: SearchHit) => {
    onClose();
    void navigate(placeOf(hit, query));
  };

  return (
    <Radix.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay} />
        <Radix.Content className={styles.palette} aria-describedby={undefined}>
          <Radix.Title className="visually-hidden">Search and commands</Radix.Title>
          <Palette label="Search and commands" shouldFilter={false} loop {...highlight}>
            <div className={styles.field}>
              <Search aria-hidden />
              <Palette.Input
                value={text}
                onValueChange={setText}
                maxLength={500}
                placeholder="Search tasks, files, artifacts, or type a command"
                className={styles.input}
              />
            </div>
            <Palette.List className={styles.list} label="Results">
              {query && hits.isError && <p className={styles.words}>{messageOf(hits.error)}</p>}
              {query && !hits.isFetching && found.length === 0 && commands.length === 0 && (
                <Palette.Empty className={styles.words}>Nothing is called or says “{query}”.</Palette.Empty>
              )}
              <RecentTasks tasks={recentTasks} onChosen={onClose} />
              {commands.length > 0 && (
                <Palette.Group heading={query ? "Actions" : "Actions and views"} className={styles.group}>
                  {commands.map((command) => (
                    <Palette.Item
                      key={command.id}
                      value={valueOf.command(command)}
                      onSelect={() => run(command)}
                      className={styles.item}
                    >
                      <span className={styles.icon} aria-hidden>
                        {command.icon}
                      </span>
                      <span className={styles.title}>{command.title}</span>
                      {command.shortcut && <Keys shortcut={command.shortcut} />}
                    </Palette.Item>
                  ))}
                </Palette.Group>
              )}
              {found.length > 0 && (
                <Palette.Group heading="Found" className={styles.group}>
                  {found.map((hit) => (
                    <Palette.Item
                      key={valueOf.hit(hit)}
                      value={valueOf.hit(hit)}
                      onSelect={() => show(hit)}
                      className={styles.item}
                    >
                      <Hit hit={hit} />
                    </Palette.Item>
                  ))}
                </Palette.Group>
              )}
            </Palette.List>
          </Palette>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
