/**
 * The findings of an audit, for the page.
 * @module
 */
import type { AuditReport } from "@calybris/audit";
import { element, section, table } from "./elements.ts";
import { chainStrip, dollars, moneyPlot } from "./plots.ts";
import { signersForm } from "./note-view.ts";
import type { Audited, CheckpointFinding, NoteGiven, ShownEntry } from "./protocol.ts";

const STATUS: Readonly<Record<AuditReport["status"], readonly [title: string, text: string]>> = {
  intact: ["Intact", "Every entry continues the chain, and says what follows from those before it."],
  broken: ["Broken", "Something in the journal contradicts itself, or what was promised about it."],
  incomplete: ["Incomplete", "Nothing contradicts itself, but something could not be checked."],
};
const FINDINGS_SHOWN = 20;

const CHECKPOINT_TEXT: Readonly<Record<CheckpointFinding["result"], string>> = {
  matches: "its root is that of these entries",
  differs: "its root is not that of these entries: they are not what was signed",
  beyond: "it covers more entries than are here: entries were removed from the end",
  malformed: "it is not a checkpoint",
};

/** The status; a contradicting checkpoint means broken, even if the chain was recomputed and is consistent. */
export function statusOf({ report, checkpoints }: Audited): AuditReport["status"] {
  const isContradicted = checkpoints.some(({ result }) => result === "differs" || result === "beyond");
  return isContradicted ? "broken" : report.status;
}

export function reportView(
  audited: Audited,
  notes: readonly NoteGiven[],
  onEntry: (sequence: number) => void,
): HTMLElement {
  const { report, bytes, milliseconds, money, checkpoints } = audited;
  const status = statusOf(audited);
  const [title, text] = STATUS[status];
  const rate = (bytes / 1e6 / (milliseconds / 1_000)).toFixed(0);
  const plot = moneyPlot(money);
  return element(
    "div",
    {},
    element(
      "header",
      { class: `status ${status}`, role: "status" },
      element("strong", {}, title),
      element("span", {}, text),
    ),
    element(
      "p",
      { class: "facts" },
      `${report.entries.toLocaleString("en")} entries, ${report.decisions.toLocaleString("en")} decisions, ${report.policies.length} policies; ${(bytes / 1e6).toFixed(1)} MB in ${(milliseconds / 1_000).toFixed(1)} s (${rate} MB/s).`,
    ),
    findingsView(report, onEntry),
    checkpoints.length === 0
      ? undefined
      : section(
          "Checkpoints",
          table(
            ["file", "log", "entries", "finding"],
            checkpoints.map(({ file, origin, treeSize, result }) => [file, origin, treeSize, CHECKPOINT_TEXT[result]]),
          ),
          signersForm(notes),
        ),
    section("Chain", chainStrip(audited, onEntry)),
    report.money === undefined
      ? undefined
      : section(
          "Money",
          element(
            "p",
            {},
            `${report.money.tenants} tenants, ${report.money.reservations} reservations open or held. ${report.money.conserved ? "Conserved at every entry: what was granted is what remains, is reserved or was settled." : "NOT conserved."} Debt ${dollars(report.money.total.debtMicrocents)}.`,
          ),
          plot,
        ),
    listView("Could not be checked", report.reasonsIncomplete),
    listView(
      "Not established",
      report.notEstablished.map((claim) => `It is not established ${claim}.`),
    ),
  );
}

function findingsView(
  { findings, findingCount }: AuditReport,
  onEntry: (sequence: number) => void,
): HTMLElement | undefined {
  if (findings.length === 0) return undefined;
  const more = findingCount - Math.min(findings.length, FINDINGS_SHOWN);
  return section(
    "First contradiction",
    table(
      ["entry", "problem", "expected", "found", "file, byte"],
      findings.slice(0, FINDINGS_SHOWN).map(({ sequence, problem, expected, found, file, byteOffset }) => {
        const button = element("button", { type: "button", class: "link" }, String(sequence));
        button.addEventListener("click", () => onEntry(sequence));
        return [button, problem.replaceAll("_", " "), expected, found, `${file}, ${byteOffset}`];
      }),
    ),
    more > 0 ? element("p", {}, `And ${more} more.`) : undefined,
  );
}

function listView(title: string, lines: readonly string[]): HTMLElement | undefined {
  if (lines.length === 0) return undefined;
  return section(title, element("ul", {}, ...lines.map((line) => element("li", {}, line))));
}

export function entryView({ sequence, kind, at, hash, previousHash, data, decision }: ShownEntry): HTMLElement {
  return section(
    `Entry ${sequence}: ${kind}`,
    element("p", {}, at),
    decision === undefined
      ? undefined
      : element(
          "div",
          {},
          element("p", { class: "lead" }, decision.sentence),
          table(
            ["rule", "measured", "must be", ""],
            decision.rules.map(({ rule, measured, limit, holds }) => [
              rule,
              measured,
              limit,
              holds ? "holds" : "does not hold",
            ]),
          ),
          table(
            ["candidate", "result"],
            decision.candidates.map(({ name, result, isSelected }) => [
              isSelected ? `${name} (selected)` : name,
              result,
            ]),
          ),
        ),
    element("p", {}, "previous hash ", element("code", {}, previousHash)),
    element("p", {}, "entry hash ", element("code", {}, hash)),
    element("pre", {}, data),
  );
}
