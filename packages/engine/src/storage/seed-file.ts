/**
 * The secret seed of the draws, as a file beside the journal.
 * @module
 */

import { EngineError } from "../engine-errors.ts";
import { type Disk, readWhole, withDisk, writeWhole } from "../journal/disk.ts";
import { SEED_BYTES } from "../router/draws.ts";
import type { SeedStore } from "./storage.ts";

export const SEED_FILE = "draw-seed";

export class SeedFile implements SeedStore {
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  read(): Uint8Array | undefined {
    return withDisk(this.#directory, () => {
      const file = this.#disk.open(this.#directory, SEED_FILE, false);
      if (file === undefined) return undefined;
      try {
        const seed = new Uint8Array(SEED_BYTES);
        return readWhole(file, seed) === SEED_BYTES ? seed : undefined;
      } finally {
        file.close();
      }
    });
  }

  write(seed: Uint8Array): void {
    const directory = this.#directory;
    withDisk(directory, () => {
      const file = this.#disk.open(directory, SEED_FILE, true);
      if (file === undefined) throw new EngineError("CAL_ENGINE_SEED", { directory, problem: "it cannot be written" });
      try {
        writeWhole(file, seed, 0);
        file.sync();
      } finally {
        file.close();
      }
      this.#disk.syncDirectory(directory);
    });
  }
}
