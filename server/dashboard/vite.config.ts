/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { thirdParty } from "./third-party";

// The service embeds `dist` and allows only its own origin: nothing may be inlined as a data URL.
export default defineConfig({
  plugins: [react(), thirdParty()],
  build: { assetsInlineLimit: 0, target: "es2022", chunkSizeWarningLimit: 700 },
  worker: { format: "es" },
  // The service takes changes from its own page alone: to it, this is the host that the page came from.
  server: { proxy: { "/v1": { target: process.env.VENEER_SERVICE ?? "http://127.0.0.1:5015", changeOrigin: false } } },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
