/**
 * The decisions that another policy changes: the first ones in memory, or all of them in a file.
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { decisionIdOfIdentity } from "@calybris/kernel";
import { CliError } from "../cli-errors.ts";
import { jsonText } from "../terminal/json-text.ts";
import type { ChangedDecision } from "./what-if.ts";

/** An entry of the list. */
export interface ListedDecision {
  readonly decisionId: string;
  readonly sequence: number;
  readonly tenant: string | null;
  readonly useCase: string;
  readonly from: string;
  readonly to: string;
  readonly action: string;
  /** `null` if the request would be refused as invalid. */
  readonly otherAction: string | null;
  readonly costMicrocents: bigint;
  readonly otherCostMicrocents: bigint | null;
}

const LISTED_MAX = 50;
const BUFFER_CHARACTERS = 1 << 20;

export class DiffList {
  readonly listed: ListedDecision[] = [];
  readonly file: string | undefined;
  count = 0;
  readonly #descriptor: number | undefined;
  #buffer = "";

  /** @throws CalybrisError `CAL_OUTPUT_UNWRITABLE` naming the file. */
  constructor(file: string | undefined) {
    this.file = file;
    if (file !== undefined) this.#descriptor = writing(file, () => openSync(file, "w"));
  }

  add(changed: ChangedDecision): void {
    this.count += 1;
    if (this.#descriptor === undefined) {
      if (this.listed.length < LISTED_MAX) this.listed.push(listedDecision(changed));
      return;
    }
    this.#buffer += `${jsonText(listedDecision(changed))}\n`;
    if (this.#buffer.length >= BUFFER_CHARACTERS) this.#flush(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    this.#flush(this.#descriptor);
    closeSync(this.#descriptor);
  }

  #flush(descriptor: number): void {
    const text = this.#buffer;
    this.#buffer = "";
    writing(this.file ?? "", () => writeSync(descriptor, text));
  }
}

function listedDecision({ sequence, entry, from, to, before, after }: ChangedDecision): ListedDecision {
  return {
    decisionId: decisionIdOfIdentity(sequence, entry.identity),
    sequence,
    tenant: entry.tenant ?? null,
    useCase: entry.useCase,
    from,
    to,
    action: before.action,
    otherAction: after?.action ?? null,
    costMicrocents: before.costMicrocents,
    otherCostMicrocents: after?.costMicrocents ?? null,
  };
}

function writing<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("CAL_OUTPUT_UNWRITABLE", { file, problem }, { cause });
  }
}
