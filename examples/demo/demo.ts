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
import { cost, explain } from "@calybris/kernel";
import { dataDirectory } from "../../datasets/checked-file.ts";
import { explainTable } from "../../packages/cli/src/explain-table.ts";
import { dollars } from "../../packages/cli/src/replay-report.ts";
import { type MarkdownDocument, readDocuments } from "./documents.ts";
import { auditJournal, flipOneBit } from "./proof.ts";
import { RECORDED } from "./recorded.ts";
import { requestOf, RULE } from "./requests.ts";
import { type Answer, nameAt, printRouted, routeAll } from "./route.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "..", "..");
const JOURNAL = join(ROOT, ".demo", "journal");
const ALTERED = join(ROOT, ".demo", "altered");

async function demo(): Promise<void> {
  const startMs = performance.now();
  await rm(join(ROOT, ".demo"), { recursive: true, force: true });
  await mkdir(JOURNAL, { recursive: true });
  const engine = await Engine.open({ directory: JOURNAL, policy: await loadPolicy(join(HERE, "policy.jsonc")) });
  try {
    await routeDocuments(engine);
    await routeRecorded(engine);
  } finally {
    await engine.close();
  }
  await prove();
  console.log(`\nDone in ${((performance.now() - startMs) / 1_000).toFixed(1)} s.`);
}

async function routeDocuments(engine: Engine): Promise<void> {
  title("Documents that npm installed");
  const { documents, duplicates, tooLarge } = await readDocuments(join(ROOT, "node_modules"));
  console.log(
    `${documents.length} Markdown documents (${duplicates} duplicates and ${tooLarge} over 1 MiB left out).\n${RULE}`,
  );
  title("Decisions");
  const routed = await routeAll(engine, documents.map(requestOf));
  printRouted(engine, routed);
  printInstructive(engine, documents, routed.answers);
}

function printInstructive(engine: Engine, documents: readonly MarkdownDocument[], answers: readonly Answer[]): void {
  title("The most instructive");
  const saved = (answer: Answer): bigint => askedMicrocents(engine, answer) - answer.decision.costMicrocents;
  const of = (action: string): readonly Answer[] => answers.filter(({ decision }) => decision.action === action);
  const tell = (answer: Answer | undefined, what: string, end: (known: Answer) => string): void => {
    if (answer === undefined) {
      console.log(`${what}: there was none`);
      return;
    }
    const document = documents[answers.indexOf(answer)];
    console.log(`${styleText("bold", what)}: ${document?.path} (${document?.tokenCount} tokens), ${end(answer)}`);
  };
  const substituted = of("substitute").toSorted((a, b) => (saved(a) > saved(b) ? -1 : 1))[0];
  const kept = of("execute").toSorted((a, b) => (a.decision.costMicrocents > b.decision.costMicrocents ? -1 : 1))[0];
  tell(substituted, "Most saved", (answer) => {
    const name = nameAt(engine, answer.decision.selectedIndex);
    return `${name} for ${dollars(answer.decision.costMicrocents)} instead of ${dollars(askedMicrocents(engine, answer))}`;
  });
  tell(kept, "Premium kept", (answer) => `worth its ${dollars(answer.decision.costMicrocents)}`);
  tell(of("reject")[0], "Rejected", ({ decision }) => decision.reason);
  if (substituted === undefined) return;
  title("Why: every candidate for the decision that saved most");
  console.log(explainTable(engine.snapshot, explain(engine.snapshot.policy, substituted.request)));
}

function askedMicrocents(engine: Engine, { request }: Answer): bigint {
  const asked = engine.snapshot.policy.candidates.find(({ id }) => id === request.requestedId);
  return asked === undefined ? 0n : cost(request, asked);
}

async function routeRecorded(engine: Engine): Promise<void> {
  const directory = dataDirectory(ROOT);
  for (const { title: name, load } of RECORDED) {
    title(name);
    if (directory === undefined) {
      console.log("Skipped: set CALYBRIS_DATA to the directory that holds the data sets.");
      continue;
    }
    try {
      printRouted(engine, await routeAll(engine, await load(directory)));
    } catch (error) {
      if (!(error instanceof Error) || "code" in error === false || error.code !== "ENOENT") throw error;
      console.log(`Skipped: ${error.message}`);
    }
  }
}

async function prove(): Promise<void> {
  title("Proof");
  const report = await auditJournal(JOURNAL);
  const where = relative(ROOT, JOURNAL);
  console.log(`${where}: ${verdict(report)}, ${report.entries} entries, ${report.decisions} decisions decided again`);
  for (const { problem, expected, found } of report.findings) console.log(`  ${problem}: ${expected}, found ${found}`);
  if (report.status !== "whole") process.exitCode = 1;
  const flip = await flipOneBit(JOURNAL, ALTERED);
  const { file, byteOffset, before, after } = flip;
  console.log(`In a copy, the byte at ${byteOffset} of ${file} was flipped from ${before} to ${after}:`);
  const [finding] = flip.report.findings;
  if (finding === undefined) {
    process.exitCode = 1;
    console.log("  not caught, which must never happen");
    return;
  }
  const at = `entry ${finding.sequence}, ${finding.file}, line at byte ${finding.byteOffset}`;
  console.log(`  ${verdict(flip.report)}: ${at}: ${finding.problem}`);
  console.log(`  expected ${finding.expected}\n  found    ${finding.found}`);
}

function verdict({ status }: AuditReport): string {
  return styleText(status === "whole" ? "green" : "red", status);
}

function title(text: string): void {
  console.log(`\n${styleText(["bold", "cyan"], text)}`);
}

await demo();
