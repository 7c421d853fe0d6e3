/**
 * Bytes received on a connection and not yet consumed.
 * @module
 */
const CR = 0x0d;
const LF = 0x0a;

export class HeldInput {
  #bytes: Buffer | undefined;
  /** Bytes of a refused request that have not arrived yet. */
  #droppedBytes = 0;

  /** The held bytes; `undefined` if there are none. */
  get bytes(): Buffer | undefined {
    return this.#bytes;
  }

  /** Whether part of a refused request has not arrived yet. */
  get isDropping(): boolean {
    return this.#droppedBytes > 0;
  }

  add(piece: Buffer): void {
    this.#bytes = this.#bytes === undefined ? piece : Buffer.concat([this.#bytes, piece]);
  }

  /** Removes `size` bytes from the front. */
  take(size: number): void {
    if (this.#bytes === undefined) return;
    this.#bytes = this.#bytes.byteLength === size ? undefined : this.#bytes.subarray(size);
  }

  /** Moves as much as fits to `target`, from `at` on. Returns how many bytes were moved. */
  moveInto(target: Buffer, at: number): number {
    const size = this.#bytes?.copy(target, at) ?? 0;
    this.take(size);
    return size;
  }

  /** Discards the next `bytes` bytes, held or yet to arrive. */
  drop(bytes: number): void {
    this.#droppedBytes = bytes;
  }

  clear(): void {
    this.#bytes = undefined;
  }

  /** The held bytes from the start of the next request, after discarded bytes and empty lines (RFC 9112, 2.2). */
  nextRequest(): Buffer | undefined {
    if (this.#droppedBytes > 0 && this.#bytes !== undefined) {
      const size = Math.min(this.#bytes.byteLength, this.#droppedBytes);
      this.#droppedBytes -= size;
      this.take(size);
    }
    let at = 0;
    while (this.#bytes?.[at] === CR && this.#bytes[at + 1] === LF) at += 2;
    if (at > 0) this.take(at);
    return this.#bytes;
  }
}
