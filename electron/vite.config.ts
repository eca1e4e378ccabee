/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where `npm run dev` finds the server: it serves the API, the page comes from Vite. */
const server = process.env.COWORK_URL ?? "http://localhost:26866";

export default defineConfig({
  root: here("src/renderer"),
  publicDir: here("src/renderer/public"),
  plugins: [react()],
  resolve: { alias: { "@": here("src/renderer") } },
  build: {
    outDir: here("../cowork_desktop/ui"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2023",
    chunkSizeWarningLimit: 800,
    license: { fileName: "third-party-licences.md" },
  },
  server: {
    // The sample lies outside.
    fs: { allow: [here("."), here("../assets/demo")] },
    proxy: {
      "/api": {
        target: server,
        changeOrigin: true,
        // The server takes calls from its own pages alone, and here it is as if Vite's were.
        configure: (proxy) =>
          proxy.on("proxyReq", (request) => {
            if (request.hasHeader("origin")) request.setHeader("origin", server);
          }),
      },
    },
  },
  test: {
    root: here("."),
    environment: "happy-dom",
    include: ["test/unit/**/*.test.ts", "test/component/**/*.test.tsx"],
    setupFiles: ["test/setup.ts"],
    restoreMocks: true,
  },
});
