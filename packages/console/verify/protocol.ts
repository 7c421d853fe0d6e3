/**
 * Messages between the page and the worker that reads files.
 * @module
 */
import type { AuditReport } from "@calybris/audit";

export type Asked =
  | {
      readonly kind: "audit";
      readonly files: readonly File[];
      readonly notes: readonly NoteGiven[];
      readonly key: File | undefined;
    }
  | { readonly kind: "entry"; readonly sequence: number };

/** The text of a checkpoint that was dropped with the journal. */
export interface NoteGiven {
  readonly file: string;
  readonly text: string;
}

export type Answered =
  | { readonly kind: "progress"; readonly bytes: number; readonly total: number; readonly entries: number }
  | { readonly kind: "audited"; readonly audited: Audited }
  | { readonly kind: "entry"; readonly entry: ShownEntry }
  | { readonly kind: "failed"; readonly problem: string };

/** The consecutive entries of one cell of the drawing. */
export interface Cell {
  readonly first: number;
  readonly last: number;
  /** The most frequent kind of its entries. */
  readonly kind: string;
}

export interface MoneyAt {
  readonly sequence: number;
  readonly remaining: bigint;
  readonly reserved: bigint;
  readonly settled: bigint;
  readonly debt: bigint;
  readonly conserved: boolean;
}

/** The comparison of a checkpoint's root with the entries. */
export interface CheckpointFinding {
  readonly file: string;
  readonly origin: string;
  readonly treeSize: string;
  readonly result: "matches" | "differs" | "beyond" | "malformed";
}

export interface Audited {
  readonly report: AuditReport;
  readonly cells: readonly Cell[];
  readonly money: readonly MoneyAt[];
  readonly checkpoints: readonly CheckpointFinding[];
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface ShownEntry {
  readonly sequence: number;
  readonly kind: string;
  readonly at: string;
  readonly hash: string;
  readonly previousHash: string;
  /** The data, indented, with numbers as in the file. */
  readonly data: string;
  readonly decision: ShownDecision | undefined;
}

export interface ShownDecision {
  readonly sentence: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly measured: string;
    readonly limit: string;
    readonly holds: boolean;
  }[];
  readonly candidates: readonly { readonly name: string; readonly result: string; readonly isSelected: boolean }[];
}
