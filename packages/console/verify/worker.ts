/**
 * The worker of the page: audits the dropped files, and reads single entries again.
 * @module
 */
import { AuditRun, headOf } from "./audit-run.ts";
import type { Answered, Asked } from "./protocol.ts";

/** The used part of a dedicated worker's scope. */
interface WorkerScope {
  onmessage: ((event: { readonly data: Asked }) => void) | null;
  postMessage(message: Answered): void;
}

const scope = globalThis as unknown as WorkerScope;
const PROGRESS_MS = 50;
const HEAD_BYTES_MAX = 4_096;
let run: AuditRun | undefined;

scope.onmessage = ({ data }) => {
  const answer = data.kind === "audit" ? audit(data) : entry(data.sequence);
  answer.catch((error: unknown) => scope.postMessage({ kind: "failed", problem: String(error) }));
};

async function audit({ files, notes, key }: Extract<Asked, { readonly kind: "audit" }>): Promise<void> {
  const small = files.filter(({ name, size }) => name.endsWith(".json") && size <= HEAD_BYTES_MAX);
  const read = await Promise.all(small.map(async (file) => headOf(await file.text(), file.name)));
  const heads = read.filter((head) => head !== undefined);
  const logs = files.filter((_file, at) => !small.includes(files[at] as File));
  run = new AuditRun(logs);
  let last = 0;
  const secret = key === undefined ? undefined : new Uint8Array(await key.arrayBuffer());
  const audited = await run.run(notes, heads, secret, (bytes, total, entries) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS && bytes < total) return;
    last = now;
    scope.postMessage({ kind: "progress", bytes, total, entries });
  });
  scope.postMessage({ kind: "audited", audited });
}

async function entry(sequence: number): Promise<void> {
  const found = await run?.entry(sequence);
  if (found === undefined) scope.postMessage({ kind: "failed", problem: `There is no entry ${sequence}.` });
  else scope.postMessage({ kind: "entry", entry: found });
}
