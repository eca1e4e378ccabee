/** Does what the desktop shell asks for, where the page is shown by one: commands of its menu, paths to show. */
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { runCommand } from "@/hooks/commands";

/** Once, where the commands are. */
export function useShell(): void {
  const { history } = useRouter();
  useEffect(() => {
    const shell = window.cowork;
    if (!shell) return;
    const stops = [
      shell.onCommand(runCommand),
      shell.onShow((path) => {
        if (isOfApp(path) && path !== history.location.href) history.push(path);
      }),
    ];
    shell.ready();
    return () => stops.forEach((stop) => stop());
  }, [history]);
}

/** Not of another host, as "//example.com" is. */
const isOfApp = (path: string): boolean => /^\/(?![/\\])/.test(path);
