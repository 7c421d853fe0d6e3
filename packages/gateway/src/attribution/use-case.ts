/**
 * The use case of a call: from the header, else the route, else the key. A use case provides defaults for values that a
 * client does not send, and learning is separate for each.
 * @module
 */
import { DEFAULT_USE_CASE, isUseCaseName } from "@calybris/kernel";
import { invalidField } from "../wire/body-members.ts";
import type { CallHeaders } from "./call-labels.ts";

export const USE_CASE_HEADER = "x-calybris-use-case";

/**
 * @param known - use cases of the active policy. One in a header must be known. One in the configuration that a change of
 *   policy has removed is skipped, and the next source applies.
 * @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` naming the header.
 */
export function useCaseOf(
  headers: CallHeaders,
  configured: { readonly route?: string | undefined; readonly key?: string | undefined },
  known: { readonly [name: string]: unknown },
): string {
  const given = headers[USE_CASE_HEADER];
  if (given !== undefined) {
    if (
      typeof given === "string" &&
      isUseCaseName(given) &&
      (Object.hasOwn(known, given) || given === DEFAULT_USE_CASE)
    )
      return given;
    throw invalidField(
      USE_CASE_HEADER,
      "is not a use case of the policy",
      `Send one of: ${Object.keys(known).join(", ")}.`,
    );
  }
  return (
    [configured.route, configured.key].find((name) => name !== undefined && Object.hasOwn(known, name)) ??
    DEFAULT_USE_CASE
  );
}
