/** Builds the shell: its main process, its preloads, and for the tests what stands in for Electron. */
import { cpSync } from "node:fs";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { defineConfig, type RolldownOptions } from "rolldown";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const node = builtinModules.flatMap((name) => [name, `node:${name}`]);

/** One file, as Electron's sandboxed preloads must be. */
function bundle(input: string, file: string, external: string[]): RolldownOptions {
  return {
    input: here(input),
    external: [...external, ...node],
    platform: "node",
    output: { file: here(file), format: "cjs", codeSplitting: false, sourcemap: false },
  };
}

/** Its packages are beside it, each with its licence. */
const main = bundle("src/main/index.ts", "dist/main/index.cjs", ["electron", "electron-updater"]);
const copyPages = {
  name: "pages",
  writeBundle: () => {
    cpSync(here("src/status/status.html"), here("dist/status/status.html"));
    cpSync(here("../assets/icons"), here("dist/icons"), { recursive: true });
  },
};

export default defineConfig([
  { ...main, plugins: [copyPages] },
  bundle("src/preload/app.ts", "dist/preload/app.cjs", ["electron"]),
  bundle("src/preload/status.ts", "dist/preload/status.cjs", ["electron"]),
  bundle("test/double/register.ts", "dist/double/register.cjs", ["electron", "playwright-core"]),
]);
