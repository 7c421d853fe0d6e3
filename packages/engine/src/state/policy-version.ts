/**
 * A policy of the journal, with everything derived from its snapshot: digests, name lookup, tier floors, and the kernel that
 * decides by it. Each is computed once, and only here.
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

/** Builds a custom kernel. */
export type KernelFor = (policy: Policy) => Kernel;

/** The origin of a policy in the journal. */
export interface Activated {
  /** Ids count from 1. */
  readonly id: number;
  /** Sequence of the entry that activated or staged it. */
  readonly since: number;
  /** Whether it came from the service's configured file; true for genesis. */
  readonly isFromFile: boolean;
  /** The caller that introduced it; `undefined` for the journal's first policy. */
  readonly caused: Caused | undefined;
}

export class PolicyVersion implements Activated, DecidesUnder {
  readonly id: number;
  readonly since: number;
  readonly isFromFile: boolean;
  readonly caused: Caused | undefined;
  readonly snapshot: PolicySnapshot;
  /** Lookup of its names. */
  readonly index: SnapshotIndex;
  /** `calypol1`. */
  readonly digest: Uint8Array;
  /** The same in hexadecimal. */
  readonly policyDigest: string;
  /** Digest of the snapshot, including names, in hexadecimal. */
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

  /** Its kernel, and the records that the decide flow works in. Built on first use. */
  get prepared(): PreparedPolicy {
    this.#prepared ??= new PreparedPolicy(this, this.#kernelFor?.(this.snapshot.policy));
    return this.#prepared;
  }

  /** Frees its kernel's memory; the next use rebuilds it. */
  releaseKernel(): void {
    this.#prepared = undefined;
  }
}
