/**
 * Reads a body by its contract. A short one is read at once. One that takes long, because it is long or holds a policy,
 * is read by a worker thread, so that the thread that decides never waits for it.
 * @module
 */
import { z } from "zod";
import type { Principal } from "../keys/keyring.ts";
import { affordable, isCheap } from "./body-cost.ts";
import type { BodyWorker } from "./body-worker.ts";
import type { BodyRule } from "./route-contract.ts";
import { readBody } from "./strict-json.ts";

/** Reading so many bytes takes at most a few milliseconds, whatever they are. */
const INLINE_BYTES_MAX = 64 * 1024;

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
    const fields = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const candidatesMax = this.#candidatesMax;
    return this.#worker.run({ reader, checkedBy, membersMax, fields, nestingMax, candidatesMax, bytes }, principal);
  }
}
