/**
 * The thread of {@link BodyWorker}: receives bytes, and posts the value that they hold or the error that refuses them.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { CalybrisError, type Mistake } from "@calybris/kernel";
import { readPolicyBody } from "../decisions/policy-body.ts";
import { affordable } from "./body-cost.ts";
import type { BodyRule } from "./route-contract.ts";
import { readBody } from "./strict-json.ts";

/** A body and the rule for reading it. */
export interface BodyTask extends Pick<BodyRule, "reader" | "checkedBy" | "membersMax"> {
  /** The fields that the body may have. */
  readonly fields: readonly string[];
  readonly nestingMax: number;
  readonly candidatesMax: number;
  readonly bytes: Uint8Array;
}

export type BodyTaskResult =
  | { readonly isReady: true }
  | { readonly value: unknown }
  | { readonly code: string; readonly details: object }
  | { readonly bug: string };

async function bodyOf({ reader, bytes, nestingMax, membersMax, checkedBy, ...policy }: BodyTask): Promise<unknown> {
  const body = readBody(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), nestingMax);
  return reader === "policy" ? readPolicyBody(body, policy) : affordable(body, membersMax, checkedBy);
}

async function resultOf(task: BodyTask): Promise<BodyTaskResult> {
  try {
    return { value: await bodyOf(task) };
  } catch (error) {
    if (error instanceof CalybrisError) return { code: error.code, details: shortened(error.details) };
    return { bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const MISTAKES_MAX = 100;

/** Cuts the list of mistakes: copying a long one would only delay the thread that decides. */
function shortened(details: object): object {
  const { mistakes } = details as { readonly mistakes?: readonly Mistake[] };
  return mistakes === undefined ? details : { ...details, mistakes: mistakes.slice(0, MISTAKES_MAX) };
}

const port = parentPort;
if (port !== null) {
  port.on("message", (task: BodyTask) => {
    void resultOf(task).then((result) => port.postMessage(result));
  });
  port.postMessage({ isReady: true } satisfies BodyTaskResult);
}
