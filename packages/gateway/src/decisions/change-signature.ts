/**
 * The signature of a policy change in a request body, in the form that `calybris policy sign` prints.
 * @module
 */
import type { ChangeSignature } from "@calybris/engine";
import { field, shapeMistakes, whole } from "@calybris/engine/internal";
import { isSignerId } from "@calybris/kernel";
import { z } from "zod";
import { GatewayError } from "../gateway-errors.ts";
import { named } from "./shape-parts.ts";

const SIGNER_BYTES_MAX = 255;
const VALUE = "^[0-9a-f]{128}$";

export const signatureShape: z.ZodType = named(
  "ChangeSignature",
  z.strictObject({
    signer: field(
      (value) => typeof value === "string" && isSignerId(value),
      `the ID of a configured signer, at most ${SIGNER_BYTES_MAX} bytes without control characters`,
      { type: "string", minLength: 1, maxLength: SIGNER_BYTES_MAX },
    ),
    signedAtMs: whole(0, Number.MAX_SAFE_INTEGER, "milliseconds since the Unix epoch; the signature covers it"),
    follows: whole(1, Number.MAX_SAFE_INTEGER, "sequence of the previous policy change; the signature covers it"),
    value: field(
      (value) => typeof value === "string" && new RegExp(VALUE).test(value),
      "128 hexadecimal digits in lower case (the Ed25519 signature)",
      { type: "string", pattern: VALUE },
    ),
  }),
  "Signature of a policy change, required if `rollout.signersFile` is configured.",
);

/** @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` naming every invalid member. */
export function signatureIn(value: unknown): ChangeSignature | undefined {
  if (value === undefined) return undefined;
  const mistakes = shapeMistakes(z.strictObject({ signature: signatureShape }), { signature: value });
  if (mistakes.length > 0) throw new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes });
  return value as ChangeSignature;
}
