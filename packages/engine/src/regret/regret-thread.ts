/**
 * The thread that measures regret while the engine serves: takes the journal's durable lines in order, and answers how things stand
 * after those it took.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { CalybrisError, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { malformed } from "../state/policy-change.ts";
import { Measure } from "./measure.ts";
import { regretReport, type RegretReport } from "./regret-report.ts";

export interface RegretThreadData {
  readonly measuresRegret: { readonly alpha: number; readonly margin: number };
}

/** Whole lines with their newlines; or, without any, the question how things stand. */
export interface RegretQuestion {
  readonly id: number;
  readonly lines?: Uint8Array;
}

export type RegretAnswer = { readonly id: number } & (
  | { readonly sequence: number; readonly report?: RegretReport }
  | { readonly code: string; readonly details: object }
  | { readonly problem: string }
);

if (isRegretThreadData(workerData)) {
  const settings = workerData.measuresRegret;
  const measure = new Measure(settings);
  let sequence = 0;
  const take = (lines: Uint8Array): void => {
    for (const line of Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString("utf8").split("\n")) {
      if (line === "") continue;
      const entry = parseEntryLine(line);
      const head = entry === undefined ? undefined : parseEntryHead(entry.data);
      if (entry === undefined || head?.sequence !== sequence + 1)
        throw malformed(sequence + 1, "its line is not the entry that follows");
      measure.add({ ...entry, head });
      sequence += 1;
    }
  };
  parentPort?.on("message", ({ id, lines }: RegretQuestion) => {
    const post = (answer: RegretAnswer): void => parentPort?.postMessage(answer);
    try {
      if (lines === undefined) post({ id, sequence, report: regretReport(measure.measured(), settings) });
      else {
        take(lines);
        post({ id, sequence });
      }
    } catch (error) {
      if (error instanceof CalybrisError) post({ id, code: error.code, details: error.details as object });
      else post({ id, problem: error instanceof Error ? error.message : String(error) });
    }
  });
}

function isRegretThreadData(data: unknown): data is RegretThreadData {
  return typeof data === "object" && data !== null && "measuresRegret" in data;
}
