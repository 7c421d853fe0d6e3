/**
 * Reads a body by its contract. A short one is read at once, and so is a longer one of many requests, if it is plain. One
 * that takes long, because it is long or holds a policy, is read by a worker thread, so that the thread that decides never
 * waits for it.
 * @module
 */
import { z } from "zod";
import type { Principal } from "../keys/keyring.ts";
import { affordable, isCheap } from "./body-cost.ts";
import type { BodyWorker } from "./body-worker.ts";
import type { BodyRule } from "./route-contract.ts";
import { readBody, readPlainBody } from "./strict-json.ts";

/** Reading so many bytes takes at most a few milliseconds, whatever they are. */
const INLINE_BYTES_MAX = 64 * 1024;
/** The same of so many bytes without escapes. */
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

  /** @throws CalybrisError for a body that is malformed or costs too much to check; so does the promise. */
  read({ schema, reader, membersMax, checkedBy }: BodyRule, bytes: Buffer, principal: Principal): unknown {
    const nestingMax = this.#nestingMax;
    if (reader === "json" && bytes.byteLength <= INLINE_BYTES_MAX) {
      const body = readBody(bytes, nestingMax);
      // A handler that checks by itself bounds the cost of that by itself.
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
