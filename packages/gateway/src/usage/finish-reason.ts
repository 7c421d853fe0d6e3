/**
 * The provider's finish reason, from an event of a stream or a complete answer.
 * @module
 */
import { asList, asObject, type Json } from "../wire/stream-sights.ts";

/**
 * @returns `undefined` if it has none. Of several choices, the first with a reason is used.
 *
 * @example
 * ```ts
 * finishReasonOf({ choices: [{ index: 0, delta: {}, finish_reason: "length" }] }); // "length"
 * finishReasonOf({ type: "message_delta", delta: { stop_reason: "end_turn" } }); // "end_turn"
 * ```
 */
export function finishReasonOf(json: Json): string | undefined {
  const response = asObject(json["response"]) ?? json;
  const said = [
    ...asList(json["choices"]).map((choice) => asObject(choice)?.["finish_reason"]),
    ...asList(json["candidates"]).map((candidate) => asObject(candidate)?.["finishReason"]),
    asObject(json["delta"])?.["stop_reason"],
    json["stop_reason"],
    asObject(response["incomplete_details"])?.["reason"],
  ];
  return said.find((reason) => typeof reason === "string");
}
