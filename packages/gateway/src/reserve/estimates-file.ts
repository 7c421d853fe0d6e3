/**
 * Keeps the learned estimates in a file beside the journal, so that a restart does not fall back to bounds by bytes. It is
 * written once a minute and at the end. A killed process loses what it learned since then, which affects no money. An
 * unreadable file is ignored.
 * @module
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { UsageEstimator } from "./usage-estimator.ts";

export const ESTIMATES_FILE = "estimates.json";
const VERSION = 1;
const WRITE_EVERY_MS = 60_000;

const counts = z.array(z.tuple([z.int().nonnegative(), z.int().positive()]));
const kinds = z.array(z.strictObject({ kind: z.string(), current: counts, before: counts }));
const shape = z.strictObject({ version: z.literal(VERSION), input: kinds, output: kinds });

export interface Estimators {
  readonly input: UsageEstimator;
  readonly output: UsageEstimator;
}

export class EstimatesFile {
  readonly #file: string;
  readonly #estimators: Estimators;
  readonly #timer: NodeJS.Timeout;
  #written = "";
  #writing: Promise<void> = Promise.resolve();

  /** Restores the estimates from the file, if it exists. */
  static async open(directory: string, estimators: Estimators): Promise<EstimatesFile> {
    const file = join(directory, ESTIMATES_FILE);
    const text = await readFile(file, "utf8").catch(() => "");
    restore(text, estimators);
    return new EstimatesFile(file, estimators);
  }

  private constructor(file: string, estimators: Estimators) {
    this.#file = file;
    this.#estimators = estimators;
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS).unref();
  }

  /** Writes changed estimates atomically: a reader finds all of them, or the previous file. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write()).catch(() => undefined);
    return this.#writing;
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.write();
  }

  async #write(): Promise<void> {
    const { input, output } = this.#estimators;
    const text = JSON.stringify({ version: VERSION, input: input.learned(), output: output.learned() });
    if (text === this.#written || input.learned().length === 0) return;
    await writeFile(`${this.#file}.new`, text, { mode: 0o600 });
    await rename(`${this.#file}.new`, this.#file);
    this.#written = text;
  }
}

function restore(text: string, { input, output }: Estimators): void {
  const read = shape.safeParse(jsonOf(text));
  if (!read.success) return;
  if (input.restore(read.data.input)) output.restore(read.data.output);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
