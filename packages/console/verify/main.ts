/**
 * The page: accepts files, passes them to the worker, and shows the findings.
 * @module
 */
import { element, section } from "./elements.ts";
import { evidenceIn, evidenceView, signersForm } from "./note-view.ts";
import type { Answered, Asked, NoteGiven } from "./protocol.ts";
import { receiptIn, receiptView } from "./receipt-view.ts";
import { entryView, reportView } from "./report-view.ts";

/** The code of the worker, inserted by the build. */
declare const WORKER_CODE: string;

const SMALL_BYTES = 1 << 20;
const drop = find("drop");
const input = find("files") as HTMLInputElement;
const keyInput = find("key") as HTMLInputElement;
const progress = find("progress") as HTMLProgressElement;
const progressText = find("progress-text");
const results = find("results");
const detail = find("detail");

/** The notes of the displayed journal. */
let shown: readonly NoteGiven[] = [];
let taken: readonly File[] = [];

const worker = new Worker(URL.createObjectURL(new Blob([WORKER_CODE], { type: "text/javascript" })));
const ask = (asked: Asked): void => worker.postMessage(asked);
worker.addEventListener("message", ({ data }: MessageEvent<Answered>) => show(data));
worker.addEventListener("error", ({ message }) => fail(message));

function show(answered: Answered): void {
  switch (answered.kind) {
    case "progress": {
      const { bytes, total, entries } = answered;
      progress.value = total === 0 ? 1 : bytes / total;
      progressText.textContent = `${entries.toLocaleString("en")} entries`;
      break;
    }
    case "audited": {
      document.body.classList.remove("busy");
      results.replaceChildren(reportView(answered.audited, shown, (sequence) => ask({ kind: "entry", sequence })));
      const [first] = answered.audited.report.findings;
      if (first !== undefined && first.sequence > 0) ask({ kind: "entry", sequence: first.sequence });
      break;
    }
    case "entry":
      detail.replaceChildren(entryView(answered.entry));
      break;
    default:
      fail(answered.problem);
  }
}

function fail(problem: string): void {
  document.body.classList.remove("busy");
  detail.replaceChildren(element("p", { class: "result bad", role: "alert" }, problem));
}

/** Small texts may be receipts and checkpoints; everything else belongs to a journal. */
async function take(files: readonly File[]): Promise<void> {
  const [notes, logs, receipts]: [NoteGiven[], File[], HTMLElement[]] = [[], [], []];
  for (const file of files) {
    const text = file.size <= SMALL_BYTES && !/\.(?:jsonl|zst)$/.test(file.name) ? await file.text() : undefined;
    try {
      const receipt = text === undefined ? undefined : receiptIn(text);
      const evidence = text === undefined ? undefined : evidenceIn(text);
      if (receipt !== undefined) receipts.push(receiptView(receipt));
      else if (evidence !== undefined) receipts.push(evidenceView(evidence));
      else if (text?.includes("\n\n— ") === true) notes.push({ file: file.name, text });
      else logs.push(file);
    } catch (error) {
      receipts.push(
        element("p", { class: "result bad" }, `${file.name}: ${error instanceof Error ? error.message : error}`),
      );
    }
  }
  results.replaceChildren(...receipts);
  detail.replaceChildren();
  if (logs.length > 0) {
    document.body.classList.add("busy");
    ask({ kind: "audit", files: logs, notes, key: keyInput.files?.[0] });
    shown = notes;
    taken = files;
  } else if (notes.length > 0) results.append(section("Checkpoints", signersForm(notes)));
}

/** The dropped files, including those in folders. */
async function filesIn(entry: FileSystemEntry): Promise<readonly File[]> {
  if (entry.isFile)
    return [await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (entries.length === 0) return found;
    for (const inner of entries) if (inner.isFile) found.push(...(await filesIn(inner)));
  }
}

drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const entries = [...(event.dataTransfer?.items ?? [])]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  Promise.all(entries.map(filesIn)).then(
    (files) => take(files.flat()),
    (error: unknown) => fail(String(error)),
  );
});
input.addEventListener("change", () => {
  take([...(input.files ?? [])]).catch((error: unknown) => fail(String(error)));
});

// If a key is chosen after the journal, the journal is verified again.
keyInput.addEventListener("change", () => {
  if (taken.length > 0) take(taken).catch((error: unknown) => fail(String(error)));
});

function find(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}
