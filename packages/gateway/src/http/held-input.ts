/**
 * What has arrived on a connection and was not taken yet.
 * @module
 */
const CR = 0x0d;
const LF = 0x0a;

export class HeldInput {
  #bytes: Buffer | undefined;
  /** Bytes of a refused request that are still to come. */
  #droppedBytes = 0;

  /** `undefined` when nothing is held; never empty. */
  get bytes(): Buffer | undefined {
    return this.#bytes;
  }

  /** Whether the rest of a refused request is still to come. */
  get isDropping(): boolean {
    return this.#droppedBytes > 0;
  }

  add(piece: Buffer): void {
    this.#bytes = this.#bytes === undefined ? piece : Buffer.concat([this.#bytes, piece]);
  }

  /** Removes so many bytes from the front. */
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

  /** The next so many bytes, held or still to come, are not read. */
  drop(bytes: number): void {
    this.#droppedBytes = bytes;
  }

  clear(): void {
    this.#bytes = undefined;
  }

  /** Where the next request begins: behind what is dropped, and behind empty lines, which are skipped (RFC 9112, 2.2). */
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
