/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { thirdParty } from "./third-party";

// The service embeds `dist` and allows only its own origin: nothing may be inlined as a data URL.
export default defineConfig({
  plugins: [react(), thirdParty()],
  build: { assetsInlineLimit: 0, target: "es2022", chunkSizeWarningLimit: 700 },
  worker: { format: "es" },
  server: { proxy: { "/v1": process.env.VENEER_SERVICE ?? "http://127.0.0.1:5015" } },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
