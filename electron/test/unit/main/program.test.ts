// @vitest-environment node
import { describe, expect, it } from "vitest";
import { serverProgram } from "../../../src/main/program";

const PLACE = {
  isPackaged: false,
  resources: "/opt/Cowork/resources",
  app: "/src/cowork/electron",
  platform: "linux" as NodeJS.Platform,
  environment: {},
};

describe("the server's program", () => {
  it.each<[NodeJS.Platform, string]>([
    ["linux", "/opt/Cowork/resources/server/cowork-server"],
    ["darwin", "/opt/Cowork/resources/server/cowork-server"],
    ["win32", "/opt/Cowork/resources/server/cowork-server.exe"],
  ])("came with the app on %s, whatever the environment says", (platform, command) => {
    const environment = { COWORK_SERVER: "/elsewhere" };
    expect(serverProgram({ ...PLACE, isPackaged: true, platform, environment })).toEqual({
      command,
      arguments: [],
    });
  });

  it("is what the environment says in development", () => {
    const environment = { COWORK_SERVER: "/build/cowork-server" };
    expect(serverProgram({ ...PLACE, environment })).toEqual({
      command: "/build/cowork-server",
      arguments: [],
    });
  });

  it.each<[NodeJS.Platform, string | undefined, string]>([
    ["linux", undefined, "/src/cowork/.venv/bin/python"],
    ["darwin", "", "/src/cowork/.venv/bin/python"],
    ["win32", undefined, "/src/cowork/.venv/Scripts/python.exe"],
  ])("is the sources' on %s", (platform, COWORK_SERVER, command) => {
    const environment = COWORK_SERVER === undefined ? {} : { COWORK_SERVER };
    expect(serverProgram({ ...PLACE, platform, environment })).toEqual({
      command,
      arguments: ["-m", "cowork_desktop"],
      folder: "/src/cowork",
    });
  });
});
