/** The app as electron-builder lays it out, around a stand-in for Electron's own program: what is in it, and that it runs. */
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { extractAll, listPackage } from "@electron/asar";
import { FuseV1Options, getCurrentFuseWire } from "@electron/fuses";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp } from "./app";

const ELECTRON = join(import.meta.dirname, "../..");
/** By which Electron's program is told to have fuses, and eleven of them that are off. */
const FUSES = Buffer.from(`dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\x01\x0b${"0".repeat(11)}`, "latin1");
const LICENCES = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "BlueOak-1.0.0", "Python-2.0"];

let folder: string;
let app: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cowork-packaged-"));
  const stand = join(folder, "electron");
  mkdirSync(join(stand, "locales"), { recursive: true });
  writeFileSync(join(stand, "electron"), Buffer.concat([Buffer.from("#!/bin/sh\nexit 1\n#"), FUSES]));
  chmodSync(join(stand, "electron"), 0o755);
  for (const name of [
    "LICENSE",
    "LICENSES.chromium.html",
    "version",
    "locales/en-US.pak",
    "locales/de.pak",
  ]) {
    writeFileSync(join(stand, name), "");
  }
  const out = join(folder, "out");
  const set = [`electronDist=${stand}`, `directories.output=${out}`].map((one) => `--config.${one}`);
  const builder = join(ELECTRON, "node_modules/electron-builder/cli.js");
  await promisify(execFile)(process.execPath, [builder, "--linux", "dir", "--publish", "never", ...set], {
    cwd: ELECTRON,
    env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: "false" },
  });
  app = join(out, "linux-unpacked");
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the app has the shell, what it needs, and nothing else", () => {
  const all = listPackage(join(app, "resources/app.asar"), { isPack: false });
  const own = all.filter((path) => !path.startsWith("/node_modules") && /\.\w+$/.test(path));
  expect(own.sort()).toEqual([
    "/dist/icons/icon.png",
    "/dist/icons/tray.png",
    "/dist/icons/tray@2x.png",
    "/dist/icons/trayTemplate.png",
    "/dist/icons/trayTemplate@2x.png",
    "/dist/main/index.cjs",
    "/dist/preload/app.cjs",
    "/dist/preload/status.cjs",
    "/dist/status/status.html",
    "/package.json",
  ]);
  expect(existsSync(join(app, "resources/LICENSE"))).toBe(true);
  expect(existsSync(join(app, "locales/de.pak"))).toBe(false);
});

test("every package in it may be given on", () => {
  const unpacked = join(folder, "unpacked");
  extractAll(join(app, "resources/app.asar"), unpacked);
  const found = listPackage(join(app, "resources/app.asar"), { isPack: false })
    .filter((path) => /\/node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
    .map(
      (path) => JSON.parse(readFileSync(join(unpacked, path), "utf8")) as { name: string; license: string },
    );
  expect(found.map(({ name }) => name)).toContain("electron-updater");
  for (const { name, license } of found) expect(LICENCES, name).toContain(license);
});

test("its fuses are set", async () => {
  const wire = await getCurrentFuseWire(join(app, "cowork-desktop"));
  const on = [
    FuseV1Options.EnableCookieEncryption,
    FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
    FuseV1Options.OnlyLoadAppFromAsar,
  ];
  const off = [
    FuseV1Options.RunAsNode,
    FuseV1Options.EnableNodeOptionsEnvironmentVariable,
    FuseV1Options.EnableNodeCliInspectArguments,
    FuseV1Options.GrantFileProtocolExtraPrivileges,
  ];
  for (const fuse of on) expect(wire[fuse], FuseV1Options[fuse]).toBe("1".charCodeAt(0));
  for (const fuse of off) expect(wire[fuse], FuseV1Options[fuse]).toBe("0".charCodeAt(0));
});

test("server, shell and package are of one version", () => {
  const told = execFileSync(join(app, "resources/server/cowork-server"), ["--version"], { encoding: "utf8" });
  const { version } = JSON.parse(readFileSync(join(ELECTRON, "package.json"), "utf8")) as { version: string };
  expect(told.trim()).toBe(version);
});

test("it starts the server that is beside it, whatever the environment says", async () => {
  const unpacked = join(folder, "run");
  extractAll(join(app, "resources/app.asar"), unpacked);
  const started = await startApp({
    main: join(unpacked, "dist/main/index.cjs"),
    env: {
      COWORK_DOUBLE_PACKAGED: "1",
      COWORK_DOUBLE_RESOURCES: join(app, "resources"),
      COWORK_SERVER: "/nowhere/cowork-server",
    },
  });
  const page = await started.window();
  await page.getByRole("textbox", { name: "What is to be done" }).waitFor();
  expect(readFileSync(join(started.userData, "logs/shell.log"), "utf8")).toContain("server: ready");
});
