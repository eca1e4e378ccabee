/** The tests of the shell in its own process, and of the double of Electron that they run on; both are built before. */
import { defineConfig } from "vitest/config";
import { chromiumProgram } from "./test/double/chromiumProgram.ts";

/** In CI what is missing is a failure. */
const canRun =
  Boolean(process.env.CI) || process.env.COWORK_ELECTRON === "1" || chromiumProgram() !== undefined;
if (!canRun) console.warn("NOT RUN: the shell's tests need Chromium or Chrome (CHROMIUM says where it is).");

export default defineConfig({
  test: {
    environment: "node",
    include: canRun ? ["test/double/**/*.test.ts", "test/shell/**/*.test.ts"] : [],
    passWithNoTests: !canRun,
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    restoreMocks: true,
  },
});
