/**
 * Reads a body that takes more memory than its thread is given, and then a short one; prints what each came to as JSON.
 * @module
 */
import { settleCall } from "../../src/decisions/call-shapes.ts";
import { BodyReader } from "../../src/http/body-reader.ts";
import { BodyWorker } from "../../src/http/body-worker.ts";
import type { BodyRule } from "../../src/http/route-contract.ts";
import { LOCAL } from "../../src/keys/keyring.ts";

const RULE: BodyRule = { schema: settleCall, checkedBy: "schema", reader: "json", membersMax: 10 ** 9 };
const worker = new BodyWorker(2 * 2 ** 20, { heapMiB: 24 });
const reader = new BodyReader({ depthMax: 16, candidatesMax: 4 }, worker);

async function outcome(text: string): Promise<object> {
  try {
    return { value: await reader.read(RULE, Buffer.from(text), LOCAL) };
  } catch (error) {
    const { code, details } = error as { readonly code: string; readonly details: object };
    return { code, details };
  }
}

const found = [
  await outcome(`[${"[12345678901234],".repeat(450_000)}1]`),
  await outcome(`{"a":1}${" ".repeat(70_000)}`),
];
await worker.close();
console.log(JSON.stringify(found));
