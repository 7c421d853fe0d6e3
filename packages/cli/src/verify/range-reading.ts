/**
 * Reads one range of a journal into its own audit, in this thread or another (`range-thread.ts`).
 * @module
 */
import {
  type AuditedRange,
  type AuditOptions,
  createRangeAudit,
  type HeadAnchor,
  type RangeAudit,
  type TreeAnchor,
} from "@calybris/audit";
import { DirectorySnapshots, nodeChain, nodeDisk, nodeSha256 } from "@calybris/engine/internal";
import type { CheckpointTrust, TrustedSigner } from "@calybris/kernel";
import { fastestKernel } from "../decide/kernels.ts";
import { readLog } from "../journal/log-lines.ts";
import { boundMemory } from "./bound-memory.ts";
import { changeKeysOf, logKeysOf } from "./given.ts";
import { readOwnHead } from "./head-anchors.ts";
import type { LogRange } from "./log-ranges.ts";
import { RequestPrints, type WrittenPrints } from "./request-prints.ts";

/** Input for the reading of a range. It can be posted to a thread. */
export interface RangeData {
  /** The journal's directory. */
  readonly directory: string;
  readonly range: LogRange;
  readonly isLast: boolean;
  /** Whether to compute the conservation proof. */
  readonly isProven: boolean;
  /** Key of a keyed journal. */
  readonly key: Uint8Array | undefined;
  readonly heads: readonly HeadAnchor[];
  readonly trees: readonly TreeAnchor[];
  readonly trust: CheckpointTrust | undefined;
  readonly changeSigners: readonly TrustedSigner[] | undefined;
  readonly drawSeed: Uint8Array | undefined;
}

export interface ReadRange {
  readonly range: AuditedRange;
  readonly prints: WrittenPrints;
}

/** Bytes between two steps. */
const STEP_BYTES = 1024 * 1024;

export class RangeReading {
  readonly #data: RangeData;
  readonly #prints = new RequestPrints();
  readonly #audit: RangeAudit;

  constructor(data: RangeData) {
    this.#data = data;
    this.#audit = createRangeAudit(this.#options());
  }

  /** Yields the number of bytes read in each step. Returns `undefined` on the first finding. */
  *read(): Generator<number, ReadRange | undefined> {
    const { range, isLast, isProven } = this.#data;
    for (const file of range.files) {
      let stepFrom = 0;
      for (const line of readLog(file)) {
        if (!line.hasNewline) return undefined;
        this.#audit.line(line.bytes, line);
        if (line.byteOffset - stepFrom < STEP_BYTES) continue;
        if (!this.#audit.isClean()) return undefined;
        boundMemory();
        yield line.byteOffset - stepFrom;
        stepFrom = line.byteOffset;
      }
    }
    const found = this.#audit.finish(isLast);
    if (found === undefined) return undefined;
    return { range: isProven ? found : { ...found, proof: undefined }, prints: this.#prints.written };
  }

  get compareAwaited(): RangeAudit["compareAwaited"] {
    return this.#audit.compareAwaited;
  }

  close(): void {
    this.#prints.close();
  }

  #options(): AuditOptions {
    const { directory, range, key, heads, trees, trust, changeSigners, drawSeed } = this.#data;
    return {
      sha256: nodeSha256,
      chain: nodeChain(key),
      isKeyed: key !== undefined,
      kernelFor: fastestKernel,
      ...(range.snapshot !== undefined && { snapshot: snapshotLines(directory, range.snapshot) }),
      ...{ heads, trees },
      logKeys: logKeysOf(trust),
      changeKeys: changeKeysOf(changeSigners),
      ...(drawSeed && { drawSeed }),
      headMac: readOwnHead(directory, key).mac,
      requestIds: this.#prints,
    };
  }
}

function* snapshotLines(directory: string, sequence: number): Generator<string> {
  for (const line of new DirectorySnapshots(nodeDisk, directory).lines(sequence)) yield line.toString("utf8");
}
