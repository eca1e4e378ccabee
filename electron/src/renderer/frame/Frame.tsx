/** The window: the sidebar, which is a drawer where it is narrow, and the view. */
import { Outlet, useLocation } from "@tanstack/react-router";
import { Menu as MenuIcon, Search, SquarePen } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { IconButton } from "@/components/Button";
import { Loading } from "@/components/States";
import { useShortcuts } from "@/hooks/commands";
import { useMediaQuery } from "@/hooks/useMediaQuery";
import { useQueueSender } from "@/hooks/useQueueSender";
import { useStored } from "@/hooks/useStored";
import styles from "./Frame.module.css";
import { OfflineBanner } from "./ServerState";
import { Sidebar } from "./Sidebar";
import { useFrameCommands } from "./useFrameCommands";
import { useShell } from "./useShell";

const loadPalette = () => import("@/features/search/CommandPalette");
const CommandPalette = lazy(loadPalette);

export function Frame() {
  const isNarrow = useMediaQuery("(max-width: 760px)");
  const [isCollapsed, setCollapsed] = useStored("cowork.sidebar.collapsed", false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const path = useLocation({ select: (location) => location.pathname });
  // The drawer is open at one address: a step to another closes it.
  const [drawerAt, setDrawerAt] = useState<string | null>(null);
  const isDrawerOpen = drawerAt === path;
  const setDrawerOpen = (isOpen: boolean) => setDrawerAt(isOpen ? path : null);
  const main = useFocusOnNewView(path);
  const commands = useFrameCommands({
    openPalette: () => setPaletteOpen(true),
    toggleSidebar: () => (isNarrow ? setDrawerOpen(!isDrawerOpen) : setCollapsed(!isCollapsed)),
  });
  useShortcuts();
  useShell();
  // What is typed right after its shortcut is not to be lost while it loads.
  useEffect(() => void loadPalette(), []);
  useQueueSender();

  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#view">
        Skip to the view
      </a>
      {isNarrow ? (
        <Radix.Root open={isDrawerOpen} onOpenChange={setDrawerOpen}>
          <header className={styles.bar}>
            <Radix.Trigger asChild>
              <IconButton label="Menu" icon={<MenuIcon />} />
            </Radix.Trigger>
            <span className={styles.brand}>Cowork</span>
            <IconButton label="Search and commands" icon={<Search />} onClick={() => setPaletteOpen(true)} />
            <IconButton label="New task" icon={<SquarePen />} onClick={commands.newTask} />
          </header>
          <Radix.Portal>
            <Radix.Overlay className={styles.overlay} />
            <Radix.Content className={styles.drawer} aria-describedby={undefined}>
              <Radix.Title className="visually-hidden">Menu</Radix.Title>
              <Sidebar openPalette={() => setPaletteOpen(true)} onCollapse={() => setDrawerOpen(false)} />
            </Radix.Content>
          </Radix.Portal>
        </Radix.Root>
      ) : (
        <Sidebar
          isCollapsed={isCollapsed}
          openPalette={() => setPaletteOpen(true)}
          onCollapse={() => setCollapsed(!isCollapsed)}
        />
      )}
      <main id="view" ref={main} tabIndex={-1} className={styles.view}>
        <OfflineBanner />
        <div className={styles.outlet}>
          <Suspense fallback={<Loading lines={5} />}>
            <Outlet />
          </Suspense>
        </div>
      </main>
      {isPaletteOpen && (
        <Suspense fallback={null}>
          <CommandPalette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** After a step to another view the focus stands at its beginning, unless the view has put it somewhere. */
function useFocusOnNewView(path: string) {
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    const at = document.activeElement;
    if (!at || at === document.body || !main.current?.contains(at))
      main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
