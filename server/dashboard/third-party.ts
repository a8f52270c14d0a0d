/** Writes `third-party.txt`: the licence of every package that is in the bundle, and of no other. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

export function thirdParty(): Plugin {
  return {
    name: "third-party",
    apply: "build",
    generateBundle(_, bundle) {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) add(folders, id);
      for (const file of Object.values(bundle)) {
        for (const name of file.type === "asset" ? file.originalFileNames : []) add(folders, join(process.cwd(), name));
      }
      const notices = [...folders].map(noticeOf).sort();
      this.emitFile({ type: "asset", fileName: "third-party.txt", source: notices.join(`\n\n${"-".repeat(80)}\n\n`) });
    },
  };
}

function add(folders: Set<string>, path: string): void {
  const folder = PACKAGE.exec(path.replace(/^\0/, "").replace(/\?.*$/, ""))?.[1];
  if (folder && existsSync(join(folder, "package.json"))) folders.add(folder);
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}`;
}
