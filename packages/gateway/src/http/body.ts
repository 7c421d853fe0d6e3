/**
 * Reads the body of a request up to a bound. Most bodies come in one piece with their head.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { CalybrisError } from "@calybris/kernel";
import type { RequestHeaders } from "./exchange.ts";

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Calls exactly one of the two, once; neither when the client goes away first.
 *
 * @throws nothing; what is wrong is given to `refused`.
 */
export function collectBody(
  request: IncomingMessage,
  bytesMax: number,
  whole: (body: Buffer) => void,
  refused: (error: CalybrisError) => void,
): void {
  const declared = request.headers["content-length"];
  if (declared !== undefined && Number(declared) > bytesMax) {
    refused(new CalybrisError("CAL_GATEWAY_BODY_TOO_LARGE", { bytesMax }));
    return;
  }
  let first: Buffer | undefined;
  let pieces: Buffer[] | undefined;
  let bytes = 0;
  const take = (piece: Buffer): void => {
    bytes += piece.byteLength;
    if (bytes > bytesMax) {
      request.off("data", take);
      request.off("end", end);
      refused(new CalybrisError("CAL_GATEWAY_BODY_TOO_LARGE", { bytesMax }));
      return;
    }
    if (first === undefined) first = piece;
    else if (pieces === undefined) pieces = [first, piece];
    else pieces.push(piece);
  };
  const end = (): void => whole(pieces === undefined ? (first ?? EMPTY) : Buffer.concat(pieces, bytes));
  request.on("data", take);
  request.on("end", end);
}

/** @throws CalybrisError `CAL_GATEWAY_MEDIA_TYPE` for what is not plain JSON. */
export function requireJson(headers: RequestHeaders): void {
  const given = headers["content-type"];
  const encoding = headers["content-encoding"];
  if (given === "application/json" && encoding === undefined) return;
  if (encoding !== undefined && encoding !== "identity")
    throw new CalybrisError("CAL_GATEWAY_MEDIA_TYPE", { given: `compressed (${encoding})` });
  if (typeof given !== "string" || !/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(given))
    throw new CalybrisError("CAL_GATEWAY_MEDIA_TYPE", { given: String(given ?? "of no stated type") });
}
