/**
 * Due times of reservations, as a binary min-heap in two columns. Ties are ordered by decision, so that the order is the
 * same after a restart.
 * @module
 */
const CAPACITY_AT_FIRST = 1_024;

export class DueHeap {
  #times: Float64Array = new Float64Array(CAPACITY_AT_FIRST);
  #sequences: Float64Array = new Float64Array(CAPACITY_AT_FIRST);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The earliest due time; infinite if the heap is empty. */
  get firstTime(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  /** The decision with the earliest due time; meaningless if the heap is empty. */
  get first(): number {
    return this.#sequences[0] as number;
  }

  push(time: number, of: number): void {
    if (this.#length === this.#times.length) this.#grow();
    let at = this.#length;
    this.#length += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isAfter(parent, time, of)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, time, of);
  }

  pop(): void {
    if (this.#length === 0) return;
    this.#length -= 1;
    const end = this.#length;
    const time = this.#times[end] as number;
    const of = this.#sequences[end] as number;
    let at = 0;
    for (let child = 1; child < end; child = 2 * at + 1) {
      const right = child + 1;
      if (right < end && this.#isAfter(child, this.#times[right] as number, this.#sequences[right] as number))
        child = right;
      if (this.#isAfter(child, time, of)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, time, of);
  }

  /** Removes all entries that `isKept` rejects. */
  keep(isKept: (of: number) => boolean): void {
    const [times, sequences, length] = [this.#times, this.#sequences, this.#length];
    this.#length = 0;
    // The heap never holds more entries than were visited, so none is overwritten before its visit.
    for (let at = 0; at < length; at++) {
      const of = sequences[at] as number;
      if (isKept(of)) this.push(times[at] as number, of);
    }
  }

  #isAfter(at: number, time: number, of: number): boolean {
    const own = this.#times[at] as number;
    return own > time || (own === time && (this.#sequences[at] as number) > of);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from] as number, this.#sequences[from] as number);
  }

  #set(at: number, time: number, of: number): void {
    this.#times[at] = time;
    this.#sequences[at] = of;
  }

  #grow(): void {
    this.#times = doubled(this.#times);
    this.#sequences = doubled(this.#sequences);
  }
}

function doubled(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}
