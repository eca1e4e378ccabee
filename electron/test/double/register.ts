/**
 * Loaded before the app's main script (`node --require`): `require("electron")` is the double from here on, and a driver that has started
 * the process may run functions in it.
 */
import Module from "node:module";
import { join } from "node:path";
import { version } from "../../node_modules/electron/package.json";
import { app } from "./app";
import { electron } from "./index";

/** What a driver sends: a function's source and its argument. */
export interface Evaluate {
  evaluate: number;
  source: string;
  argument: unknown;
}

/** What it gets: JSON, or the error's stack. */
export type Evaluated = { evaluated: number; value?: unknown } | { evaluated: number; error: string };

interface Loader {
  _load: (request: string, ...values: unknown[]) => unknown;
}

const loader = Module as unknown as Loader;
const load = loader._load;
loader._load = function (request, ...values) {
  if (request === "electron" || request === "electron/main") return electron;
  return load.call(this, request, ...values);
};

const likeElectron = {
  type: "browser",
  resourcesPath: process.env.COWORK_DOUBLE_RESOURCES ?? join(process.execPath, "../resources"),
  ...(app.isPackaged ? {} : { defaultApp: true }),
};
for (const [name, value] of Object.entries(likeElectron)) Object.defineProperty(process, name, { value });
const versions = { ...process.versions, electron: version, chrome: "156.0.0.0" };
Object.defineProperty(process, "versions", { value: versions });
// A packaged app is started by its own name, without a script.
if (app.isPackaged) process.argv.splice(1, 1);

// Electron warns of these, where Node ends.
process.on("unhandledRejection", (reason) => {
  console.error("UnhandledPromiseRejectionWarning:", reason);
});

async function evaluate({ evaluate: id, source, argument }: Evaluate): Promise<Evaluated> {
  try {
    const run = (0, eval)(`(${source})`) as (module: object, argument: unknown) => unknown;
    return { evaluated: id, value: await run(electron, argument) };
  } catch (error) {
    return { evaluated: id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

if (process.send) {
  process.on("message", (message: Evaluate) => {
    void evaluate(message).then((answer) => process.send?.(answer));
  });
  process.channel?.unref();
}
app.start();
