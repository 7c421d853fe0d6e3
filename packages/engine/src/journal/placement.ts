/**
 * The ordering of entries: each gets its sequence and time, changes the state, and is prepared for the writer. All of this
 * happens in one synchronous call; an error in it stops the engine.
 * @module
 */
import { type EntryBody, timeAfter } from "@calybris/kernel";
import type { DecisionRecord } from "./decision-record.ts";
import type { Tail } from "./entry-ring.ts";
import { EntryTails, tailBytesAbout } from "./entry-tail.ts";
import type { FailStop } from "./fail-stop.ts";

/** Bytes of a line outside its tail: sequences, hashes and member names. */
const LINE_OVERHEAD_BYTES = 230;

/** The starting position of a journal: the end of the recovered entries. */
export interface PlacementStart {
  readonly sequence: number;
  readonly at: number;
  readonly sealed: boolean;
  readonly segmentBytes: number;
}

export interface PlacementPorts {
  readonly failStop: FailStop;
  readonly nowUs: () => number;
  /** Called with every entry as it is ordered. An error it throws stops the engine. */
  readonly onOrdered: (sequence: number, at: number, body: EntryBody) => void;
}

export class Placement {
  readonly #ports: PlacementPorts;
  readonly #tails: EntryTails = new EntryTails();
  #sequence: number;
  #at: number;
  #sealed: boolean;
  #segmentBytes: number;

  constructor({ sequence, at, sealed, segmentBytes }: PlacementStart, ports: PlacementPorts) {
    this.#ports = ports;
    this.#sequence = sequence;
    this.#at = at;
    this.#sealed = sealed;
    this.#segmentBytes = segmentBytes;
  }

  /** The last sequence ordered. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether the last entry is a seal. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /** Approximate size of the segment in bytes. */
  get segmentBytes(): number {
    return this.#segmentBytes;
  }

  /** Time of the journal: the clock's, but never earlier than before. */
  now(): number {
    return Math.max(this.#at, this.#ports.nowUs());
  }

  /** Assigns sequence and time to an entry and applies it to the state. If the state refuses it, the engine stops. */
  place(body: EntryBody, at: number, record?: DecisionRecord): Tail {
    try {
      const sequence = this.#sequence + 1;
      const tail = this.#tails.of(sequence, at, body, record);
      this.#ports.onOrdered(sequence, at, body);
      this.#sequence = sequence;
      this.#at = timeAfter(at, body);
      this.#sealed = body.kind === "seal";
      this.#segmentBytes += tailBytesAbout(tail) + LINE_OVERHEAD_BYTES;
      return tail;
    } catch (error) {
      throw this.#ports.failStop.stop(error);
    }
  }

  /** Records that the next entry begins a segment. */
  beginSegment(): void {
    this.#segmentBytes = 0;
  }

  /** Takes back sequences whose entries are never sent. Only once the engine has stopped. */
  withdraw(before: number): void {
    this.#sequence = before;
  }
}
