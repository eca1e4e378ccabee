/** Does what the server asks the shell for, and tells it that it was done. */
import { setTimeout as wait } from "node:timers/promises";
import { ApiError } from "../shared/apiError";
import { refusalOf } from "../shared/following";
import { FrameParser } from "../shared/sse";
import type { OpenArtifact } from "../renderer/api/types";
import type { Log } from "./log";
import type { ServerApi } from "./serverApi";

const AGAIN_AFTER = 500;

/** Until the server's run is over, or it refuses (a status below 500). Each connection gets what comes from then on: nothing is kept for a shell that is not there. */
export async function followCommands(
  api: ServerApi,
  open: (command: OpenArtifact) => Promise<boolean> | boolean,
  log: Log,
): Promise<void> {
  while (!api.isOver()) {
    try {
      for await (const command of commandsOf(await api.stream("/shell/commands"))) {
        // One that takes long holds no other up.
        void answer(api, command, open, log);
      }
    } catch (error) {
      if (api.isOver()) return;
      log.write(`shell commands: ${String(error)}`);
      if (error instanceof ApiError && error.status < 500) return;
    }
    await wait(AGAIN_AFTER, undefined, { signal: api.signal }).catch(() => undefined);
  }
}

async function* commandsOf(response: Response): AsyncGenerator<OpenArtifact> {
  const refusal = await refusalOf(response);
  if (refusal) throw refusal;
  if (!response.body) return;
  const parser = new FrameParser();
  for await (const bytes of response.body) {
    for (const frame of parser.feed(bytes)) {
      if (frame.event === "shell.open_artifact") yield JSON.parse(frame.data) as OpenArtifact;
    }
  }
}

async function answer(
  api: ServerApi,
  command: OpenArtifact,
  open: (command: OpenArtifact) => Promise<boolean> | boolean,
  log: Log,
): Promise<void> {
  try {
    const isDone = await Promise.resolve()
      .then(() => open(command))
      .catch((error: unknown) => {
        log.write(`${command.artifact_id} cannot be shown: ${String(error)}`);
        return false;
      });
    await api.post(`/shell/commands/${command.command_id}/acknowledge`, { done: isDone });
  } catch (error) {
    log.write(`shell command ${command.command_id}: ${String(error)}`);
  }
}
