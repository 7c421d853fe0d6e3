/**
 * Starts the bundle of a thread's program in place of its sources (`thread-bundles.ts`). Loaded before every test file, so it
 * imports nothing of ours.
 * @module
 */
import { existsSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import threads, { Worker, type WorkerOptions } from "node:worker_threads";

const ROOT = join(import.meta.dirname, "..");

function bundleOf(program: string | URL): string | undefined {
  if (!(program instanceof URL) || program.protocol !== "file:") return undefined;
  const file = relative(ROOT, fileURLToPath(program)).replace(/\.ts$/, ".mjs");
  const bundle = join(ROOT, "node_modules/.cache/threads", file);
  return existsSync(bundle) ? bundle : undefined;
}

// The files of a worker share its modules, and so this one replacement.
if (threads.Worker.name !== "BundledWorker") {
  threads.Worker = class BundledWorker extends Worker {
    constructor(program: string | URL, options?: WorkerOptions) {
      super(bundleOf(program) ?? program, options);
    }
  };
  syncBuiltinESMExports();
}
