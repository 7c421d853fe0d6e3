/**
 * A policy that an entry activated, with everything that follows from its snapshot: digests, names to look up, tier floors,
 * and the kernel that decides by it. Each is computed once, and only here.
 * @module
 */
import {
  type Caused,
  type Kernel,
  type Policy,
  type PolicySnapshot,
  policyDigest,
  snapshotDigest,
  toHex,
} from "@calybris/kernel";
import { type SnapshotIndex, snapshotIndex } from "../intake/snapshot-index.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { type DecidesUnder, PreparedPolicy } from "../prescribe/prepared-policy.ts";
import { tierFloorsOf } from "./tier-floors.ts";

/** Builds another kernel than the package's own. */
export type KernelFor = (policy: Policy) => Kernel;

/** How a policy came into the journal. */
export interface Activated {
  /** Ids count from 1. */
  readonly id: number;
  /** Sequence of the entry that brought it: that activated it, or staged it. */
  readonly since: number;
  /** It came from the file that the service is configured with; true of genesis. */
  readonly isFromFile: boolean;
  /** Who brought it; `undefined` for the policy that the journal began with. */
  readonly caused: Caused | undefined;
}

export class PolicyVersion implements Activated, DecidesUnder {
  readonly id: number;
  readonly since: number;
  readonly isFromFile: boolean;
  readonly caused: Caused | undefined;
  readonly snapshot: PolicySnapshot;
  /** Its names, to look up. */
  readonly index: SnapshotIndex;
  /** `calypol1`. */
  readonly digest: Uint8Array;
  /** The same, hexadecimal. */
  readonly policyDigest: string;
  /** Of the snapshot, hexadecimal: its names too. */
  readonly snapshotDigest: string;
  /** Cheapest tier first. */
  readonly tierFloors: readonly number[];
  readonly #kernelFor: KernelFor | undefined;
  #prepared: PreparedPolicy | undefined;

  constructor(snapshot: PolicySnapshot, { id, since, isFromFile, caused }: Activated, kernelFor?: KernelFor) {
    this.id = id;
    this.since = since;
    this.isFromFile = isFromFile;
    this.caused = caused;
    this.snapshot = snapshot;
    this.index = snapshotIndex(snapshot);
    this.digest = policyDigest(snapshot.policy, nodeSha256);
    this.policyDigest = toHex(this.digest);
    this.snapshotDigest = toHex(snapshotDigest(snapshot, nodeSha256));
    this.tierFloors = tierFloorsOf(snapshot);
    this.#kernelFor = kernelFor;
  }

  /** Its kernel, and the records that the decide flow works in. Built when it is first asked for. */
  get prepared(): PreparedPolicy {
    this.#prepared ??= new PreparedPolicy(this, this.#kernelFor?.(this.snapshot.policy));
    return this.#prepared;
  }

  /** Gives the memory of its kernel back; what asks for the kernel again, builds it again. */
  releaseKernel(): void {
    this.#prepared = undefined;
  }
}
