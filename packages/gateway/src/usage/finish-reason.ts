/**
 * Why an answer ended, in the provider's word: of an event of a stream, or of a whole answer.
 * @module
 */
import { asList, asObject, type Json } from "../wire/stream-sights.ts";

/**
 * @returns `undefined` where it says nothing of its end. Of several choices the first that says it counts.
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
