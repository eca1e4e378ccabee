/** Which program the server is. */
import { join } from "node:path";

export interface Program {
  command: string;
  arguments: string[];
  /** Where it is started; undefined: where the shell was. */
  folder?: string;
}

interface Place {
  isPackaged: boolean;
  /** Where the app's resources are (`process.resourcesPath`). */
  resources: string;
  /** Where the shell's own files are (`app.getAppPath()`). */
  app: string;
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
}

/** The executable that came with the app; in development `COWORK_SERVER`, or the sources with their interpreter. */
export function serverProgram({ isPackaged, resources, app, platform, environment }: Place): Program {
  const isWindows = platform === "win32";
  if (isPackaged) {
    const command = join(resources, "server", isWindows ? "cowork-server.exe" : "cowork-server");
    return { command, arguments: [] };
  }
  if (environment.COWORK_SERVER) return { command: environment.COWORK_SERVER, arguments: [] };
  const root = join(app, "..");
  const python = join(root, ".venv", ...(isWindows ? ["Scripts", "python.exe"] : ["bin", "python"]));
  return { command: python, arguments: ["-m", "cowork_desktop"], folder: root };
}
