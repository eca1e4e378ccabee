/** One instance a folder of user data: the first holds a socket that the system frees with its process. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Second {
  argv: string[];
  cwd: string;
  data: unknown;
}

/** Tells the holder in its arguments' address what stands in its standard input, and waits until it has read it. */
const teller = `
  const socket = require("node:net").connect(process.argv[1].replace(/^@/, "\\0"));
  socket.on("error", () => process.exit(1)).on("close", () => process.exit(0)).resume();
  process.stdin.pipe(socket);
`;

export class SingleInstance {
  private server: Server | undefined;

  get held(): boolean {
    return this.server !== undefined;
  }

  /** Whether this is the first instance; if not, the first has been told of it. */
  request(folder: string, data: unknown, onSecond: (second: Second) => void): boolean {
    if (this.held) return true;
    const address = addressOf(folder);
    if (this.listen(address, onSecond)) return true;
    const second: Second = { argv: process.argv, cwd: process.cwd(), data };
    const told = spawnSync(process.execPath, ["-e", teller, address.replace("\0", "@")], {
      input: JSON.stringify(second),
    });
    if (told.status === 0) return false;
    // Its file outlived the first, where addresses are files.
    rmSync(address, { force: true });
    return this.listen(address, onSecond);
  }

  release(): void {
    this.server?.close();
    this.server = undefined;
  }

  private listen(address: string, onSecond: (second: Second) => void): boolean {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let text = "";
      socket.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      socket
        .on("error", () => undefined)
        .on("end", () => {
          socket.end();
          onSecond(JSON.parse(text) as Second);
        });
    });
    // Node binds before `listen` returns, and reports a failure later.
    server.on("error", () => undefined).listen(address);
    if (!server.listening) return false;
    server.unref();
    this.server = server;
    return true;
  }
}

function addressOf(folder: string): string {
  const name = `electron-double-${createHash("sha256").update(folder).digest("hex").slice(0, 24)}`;
  if (process.platform === "linux") return `\0${name}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
}
