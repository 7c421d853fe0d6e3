/**
 * The thread that measures regret while the engine serves. It takes the journal's durable lines in order, and answers
 * queries about the lines taken so far.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { CalybrisError, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { malformed } from "../state/policy-change.ts";
import { Measure } from "./measure.ts";
import { MeasureReader, MeasureWriter } from "./measure-bytes.ts";
import { regretReport, type RegretReport } from "./regret-report.ts";
import type { KeptMeasure } from "./kept-regret.ts";

export interface RegretThreadData {
  readonly measuresRegret: { readonly alpha: number; readonly margin: number };
  /** A previous measure to continue from. If it cannot be used, the answer to the first query has sequence 0. */
  readonly kept: KeptMeasure | undefined;
}

/** Asks for the position, for a report, for the measure as bytes, or passes complete lines with their newlines. */
export type RegretQuestion = { readonly id: number } & (
  | { readonly asks: "position" | "report" | "measure" }
  | { readonly asks: "lines"; readonly lines: Uint8Array }
);

export type RegretAnswer = { readonly id: number } & (
  | { readonly sequence: number; readonly report?: RegretReport; readonly measure?: Uint8Array<ArrayBuffer> }
  | { readonly code: string; readonly details: object }
  | { readonly problem: string }
);

/** A measure of the journal up to an entry. */
class MeasuredJournal {
  readonly #settings: RegretThreadData["measuresRegret"];
  readonly #measure: Measure;
  sequence = 0;

  /** @throws RangeError for a kept measure of another origin or with other settings. */
  constructor(settings: RegretThreadData["measuresRegret"], kept?: KeptMeasure) {
    this.#settings = settings;
    this.#measure = new Measure(settings);
    if (kept === undefined) return;
    const reader = new MeasureReader(kept.bytes);
    this.#measure.carry(reader);
    reader.end();
    this.sequence = kept.sequence;
  }

  take(lines: Uint8Array): void {
    for (const line of Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString("utf8").split("\n")) {
      if (line === "") continue;
      const entry = parseEntryLine(line);
      const head = entry === undefined ? undefined : parseEntryHead(entry.data);
      if (entry === undefined || head?.sequence !== this.sequence + 1)
        throw malformed(this.sequence + 1, "its line is not the entry that follows");
      this.#measure.add({ ...entry, head });
      this.sequence += 1;
    }
  }

  report(): RegretReport {
    return regretReport(this.#measure.measured(), this.#settings);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const writer = new MeasureWriter();
    this.#measure.carry(writer);
    return writer.finish();
  }
}

function measuredJournal({ measuresRegret, kept }: RegretThreadData): MeasuredJournal {
  try {
    return new MeasuredJournal(measuresRegret, kept);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new MeasuredJournal(measuresRegret);
  }
}

function answerTo(question: RegretQuestion, journal: MeasuredJournal): RegretAnswer {
  const { id, asks } = question;
  if (asks === "lines") journal.take(question.lines);
  const { sequence } = journal;
  if (asks === "report") return { id, sequence, report: journal.report() };
  if (asks === "measure") return { id, sequence, measure: journal.bytes() };
  return { id, sequence };
}

if (isRegretThreadData(workerData)) {
  const journal = measuredJournal(workerData);
  parentPort?.on("message", (question: RegretQuestion) => {
    const { id } = question;
    const post = (answer: RegretAnswer, moved: ArrayBuffer[] = []): void => parentPort?.postMessage(answer, moved);
    try {
      const answer = answerTo(question, journal);
      post(answer, "measure" in answer && answer.measure !== undefined ? [answer.measure.buffer] : []);
    } catch (error) {
      if (error instanceof CalybrisError) post({ id, code: error.code, details: error.details as object });
      else post({ id, problem: error instanceof Error ? error.message : String(error) });
    }
  });
}

function isRegretThreadData(data: unknown): data is RegretThreadData {
  return typeof data === "object" && data !== null && "measuresRegret" in data;
}
