/**
 * `npm run demo`: real documents in, durable decisions out, proven from the bytes they left.
 * @module
 */
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import type { AuditReport } from "@calybris/audit";
import { Engine, loadPolicy } from "@calybris/engine";
import { explain } from "@calybris/kernel";
import { dataDirectory } from "../../datasets/checked-file.ts";
import { explainTable } from "../../packages/cli/src/decide/explain-table.ts";
import { verifyLog } from "../../packages/cli/src/verify/verify.ts";
import { readDocuments } from "./documents.ts";
import { instructive, printShown, type Shown } from "./instructive.ts";
import { flipOneBit } from "./proof.ts";
import { RECORDED } from "./recorded.ts";
import { RULE, requestOf } from "./requests.ts";
import { printRouted, routeAll } from "./route.ts";
import { printSaved } from "./saved.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "..", "..");
const JOURNAL = join(ROOT, ".demo", "journal");
const ALTERED = join(ROOT, ".demo", "altered");

async function demo(): Promise<void> {
  const startMs = performance.now();
  await rm(join(ROOT, ".demo"), { recursive: true, force: true });
  await mkdir(JOURNAL, { recursive: true });
  const engine = await Engine.open({ directory: JOURNAL, policy: await loadPolicy(join(HERE, "policy.jsonc")) });
  let shown: readonly Shown[] = [];
  try {
    shown = await routeDocuments(engine);
    await routeRecorded(engine);
  } finally {
    await engine.close();
  }
  await prove();
  printNext(shown[0]);
  console.log(`\nDone in ${((performance.now() - startMs) / 1_000).toFixed(1)} s.`);
}

async function routeDocuments(engine: Engine): Promise<readonly Shown[]> {
  const { documents, duplicates, tooLarge } = await readDocuments(join(ROOT, "node_modules"));
  const routed = await routeAll(engine, documents.map(requestOf));
  title("Money saved, at a stated quality");
  printSaved(engine, routed.answers);
  title("Requests: documents that npm installed");
  const left = duplicates + tooLarge === 0 ? "" : ` (${duplicates} duplicates and ${tooLarge} over 1 MiB left out)`;
  console.log(`${documents.length} Markdown documents${left}, each of them one request.\n${RULE}`);
  title("Decisions, each durable in a hash-chained journal before it is answered");
  printRouted(engine, routed);
  const shown = instructive(engine, routed.answers);
  title("The most instructive decisions");
  printShown(shown, documents, routed.answers);
  const [first] = shown;
  if (first === undefined) return shown;
  title(`Why, for "${first.title.toLowerCase()}": every candidate, by utility = quality − risk − cost − latency`);
  console.log(explainTable(engine.snapshot, explain(engine.snapshot.policy, first.answer.request)));
  return shown;
}

async function routeRecorded(engine: Engine): Promise<void> {
  const directory = dataDirectory(ROOT);
  if (directory === undefined) {
    title("Recorded traffic");
    console.log(
      `Skipped: set CALYBRIS_DATA to the directory of the data sets (${RECORDED.map(({ what }) => what).join("; ")}).`,
    );
    return;
  }
  for (const { what, load } of RECORDED) {
    title(`Requests: ${what}`);
    try {
      printRouted(engine, await routeAll(engine, await load(directory)));
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") throw error;
      console.log(`Skipped: ${error.message}`);
    }
  }
}

async function prove(): Promise<void> {
  title("Proof, from the bytes on disk alone");
  const report = await verifyLog(JOURNAL);
  console.log(
    `${relative(ROOT, JOURNAL)} is ${verdict(report)}: the hash chain of ${report.entries.toLocaleString("en")} entries is unbroken, ` +
      `and ${report.decisions.toLocaleString("en")} decisions were recomputed with the same result.`,
  );
  for (const { problem, expected, found } of report.findings) console.log(`  ${problem}: ${expected}, found ${found}`);
  if (report.status !== "intact") process.exitCode = 1;
  const flip = await flipOneBit(JOURNAL, ALTERED);
  console.log(
    `In a copy, byte ${flip.byteOffset} of ${flip.file}, a digit of a cost, was changed from ${flip.before} to ${flip.after}.`,
  );
  const [finding] = flip.report.findings;
  if (finding === undefined) {
    process.exitCode = 1;
    console.log("The change was not detected. This is a bug.");
    return;
  }
  const where = `entry ${finding.sequence}, file ${relative(ROOT, finding.file)}, line at byte ${finding.byteOffset}`;
  console.log(`The copy is ${verdict(flip.report)} at ${where}: ${finding.problem}`);
  console.log(`  expected ${finding.expected}, the hash of the altered bytes`);
  console.log(`  found    ${finding.found}, the hash written with the decision`);
}

function printNext(first: Shown | undefined): void {
  const journal = relative(ROOT, JOURNAL);
  title("Look further");
  for (const words of [
    `verify ${journal}`,
    `show ${first?.answer.sequence ?? 2} --journal ${journal}`,
    `tail --journal ${journal} --lines 5`,
    "init && npx calybris --help",
  ])
    console.log(`  npx calybris ${words}`);
}

function verdict({ status }: AuditReport): string {
  return styleText(status === "intact" ? "green" : "red", status);
}

function title(text: string): void {
  console.log(`\n${styleText(["bold", "cyan"], text)}`);
}

await demo();
