/**
 * An answer that was not streamed: read as a whole, because its cost goes into the headers.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { answerIn } from "../translate/answer-routes.ts";
import { parseExact } from "../translate/exact-parse.ts";
import { responseBase } from "../translate/response-parts.ts";
import { usageOfAnswer } from "../usage/usage-reader.ts";
import type { UsageRecord } from "../usage/usage-record.ts";
import { asObject, type Json } from "../wire/stream-sights.ts";
import type { ClientBody } from "./client-call.ts";
import type { Lane } from "./lanes.ts";

/** Of an answer; images in one take megabytes. */
export const ANSWER_BYTES_MAX: number = 64 * 1024 * 1024;

export interface WholeAnswer {
  /** `undefined`: it is no answer. */
  readonly usage: UsageRecord | undefined;
  /** What the client gets, or why it gets nothing. */
  readonly body: Uint8Array | GatewayError;
  /** It is what the model made of the request, whatever else was asked: no failure, and no beginning. */
  readonly isDone: boolean;
}

export function readWhole(
  bytes: Buffer,
  { asked, isTranslated }: Lane,
  client: Pick<ClientBody, "dialect" | "parsed">,
  nowMs: number,
): WholeAnswer {
  const json = jsonOf(bytes, isTranslated);
  if (json === undefined) return { usage: undefined, body: failed("its answer is no JSON object"), isDone: false };
  const usage = usageOfAnswer(asked, json);
  const { status = "completed" } = json;
  const isDone = status === "completed";
  if (!isTranslated) return { usage, body: bytes, isDone };
  const base = (): Json => responseBase(client.parsed());
  const said = answerIn({ from: asked, to: client.dialect, createdSeconds: Math.floor(nowMs / 1_000), base }, json);
  return { usage, isDone, body: "answer" in said ? Buffer.from(JSON.stringify(said.answer)) : failed(said.problem) };
}

function failed(problem: string): GatewayError {
  return new GatewayError("CAL_GATEWAY_PROVIDER_FAILED", { problem });
}

function jsonOf(bytes: Buffer, isExact: boolean): Json | undefined {
  const text = bytes.toString();
  try {
    return asObject(isExact ? parseExact(text) : JSON.parse(text));
  } catch {
    return undefined;
  }
}
