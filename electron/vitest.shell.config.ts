/** The tests of the shell in its own process, and of the double of Electron that they run on; both are built before. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["test/double/**/*.test.ts", "test/shell/**/*.test.ts"],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
});
