/** The shell in the real Electron, whose program must be installed. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { _electron } from "playwright-core";
import type { Ended, LaunchOptions, Shell } from "./driver";
import { matching, until } from "./waiting";

const shell = fileURLToPath(new URL("../../dist/main/index.cjs", import.meta.url));

export async function launchElectron({
  args = [],
  env = {},
  userData,
  main = shell,
}: LaunchOptions): Promise<Shell> {
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const app = await _electron.launch({
    args: [...asRoot, main, ...args, `--user-data-dir=${userData}`],
    env: { ...(process.env as Record<string, string>), ...env },
  });
  const child = app.process();
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = once(child, "exit").then(([code, signal]: unknown[]) => ({ code, signal }) as Ended);
  return {
    evaluate: ((run: never, argument: never) => app.evaluate(run, argument)) as Shell["evaluate"],
    windows: () => app.windows(),
    waitForWindow: (matches) => until("the window", () => matching(() => app.windows(), matches)),
    process: () => child,
    output: () => output,
    exited,
    close: async () => {
      await app.evaluate(({ app: running }) => {
        setImmediate(() => running.quit());
      });
      await exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
