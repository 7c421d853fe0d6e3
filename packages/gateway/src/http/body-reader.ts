/**
 * Reads a body by its contract. Short bodies are read at once, and so are longer batches of requests in ASCII without
 * escapes. Long bodies and policies are read by a worker thread, so that they do not delay the thread that decides.
 * @module
 */
import { z } from "zod";
import type { Principal } from "../keys/keyring.ts";
import { affordable, isCheap } from "./body-cost.ts";
import type { BodyWorker } from "./body-worker.ts";
import type { BodyRule } from "./route-contract.ts";
import { readBody, readPlainBody } from "./strict-json.ts";

/** Any body up to this length is read within a few milliseconds. */
const INLINE_BYTES_MAX = 64 * 1024;
/** The same limit for ASCII without escapes. */
const PLAIN_BYTES_MAX = 512 * 1024;

export class BodyReader {
  readonly #nestingMax: number;
  readonly #candidatesMax: number;
  readonly #worker: BodyWorker;

  constructor(limits: { readonly depthMax: number; readonly candidatesMax: number }, worker: BodyWorker) {
    this.#nestingMax = limits.depthMax;
    this.#candidatesMax = limits.candidatesMax;
    this.#worker = worker;
  }

  /** @throws CalybrisError, or rejects with it, for a body that is malformed or too costly to check. */
  read({ schema, reader, membersMax, checkedBy }: BodyRule, bytes: Buffer, principal: Principal): unknown {
    const nestingMax = this.#nestingMax;
    if (reader === "json" && bytes.byteLength <= INLINE_BYTES_MAX) {
      const body = readBody(bytes, nestingMax);
      // A handler that checks the body bounds the cost of its own check.
      const isChecked = checkedBy === "schema" && !isCheap(bytes.byteLength, membersMax);
      return isChecked ? affordable(body, membersMax, checkedBy) : body;
    }
    if (reader === "json" && bytes.byteLength <= PLAIN_BYTES_MAX) {
      const body = readPlainBody(bytes, nestingMax);
      if (body !== undefined) return affordable(body, membersMax, checkedBy);
    }
    const fields = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const candidatesMax = this.#candidatesMax;
    return this.#worker.run({ reader, checkedBy, membersMax, fields, nestingMax, candidatesMax, bytes }, principal);
  }
}
