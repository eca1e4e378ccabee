/** The app's folders and names, as Electron finds them: by the switch, by what the app says, by its package.json. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const home = homedir();
const folders = ["Desktop", "Documents", "Downloads", "Music", "Pictures", "Videos"];

/** The value of `--name=value` in the arguments; empty if it is there without one. */
export function switchValue(name: string): string | undefined {
  const given = process.argv.find(
    (argument) => argument === `--${name}` || argument.startsWith(`--${name}=`),
  );
  return given?.slice(name.length + 3);
}

/** Of the nearest package.json above the main script. */
export interface About {
  folder: string;
  name: string;
  version: string;
}

export function about(main: string): About {
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (!existsSync(path)) continue;
    const read = JSON.parse(readFileSync(path, "utf8")) as Partial<
      Record<"name" | "productName" | "version", string>
    >;
    return { folder, name: read.productName ?? read.name ?? "Electron", version: read.version ?? "0.0.0" };
  }
  return { folder: dirname(main), name: "Electron", version: "0.0.0" };
}

class Paths {
  private readonly given = new Map<string, string>();
  appName = "Electron";

  /** As `app.getPath`; throws for a name that Electron has not. */
  get(name: string): string {
    const path = this.given.get(name) ?? this.usual(name);
    if (path === undefined) throw new Error(`Failed to get '${name}' path`);
    return path;
  }

  set(name: string, path: string): void {
    this.get(name);
    this.given.set(name, path);
    if (name === "userData") mkdirSync(path, { recursive: true });
  }

  private usual(name: string): string | undefined {
    const folder = folders.find((known) => known.toLowerCase() === name);
    if (folder !== undefined) return join(home, folder);
    switch (name) {
      case "home":
        return home;
      case "appData":
        return this.appData();
      case "userData":
        return resolve(switchValue("user-data-dir") ?? join(this.appData(), this.appName));
      case "sessionData":
        return this.get("userData");
      case "logs":
        return join(this.get("userData"), "logs");
      case "crashDumps":
        return join(this.get("userData"), "Crashpad");
      case "temp":
        return tmpdir();
      case "exe":
      case "module":
        return process.execPath;
      default:
        return undefined;
    }
  }

  private appData(): string {
    if (process.platform === "darwin") return join(home, "Library/Application Support");
    if (process.platform === "win32") return process.env.APPDATA ?? join(home, "AppData/Roaming");
    return process.env.XDG_CONFIG_HOME ?? join(home, ".config");
  }
}

export const paths = new Paths();
