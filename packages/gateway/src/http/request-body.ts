/**
 * Gathers the body of a request from Node's server. However it is split, it takes its length and at most 1 MiB more of
 * memory: pieces are copied into blocks, because each piece from Node keeps a whole buffer alive.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { GatewayError } from "../gateway-errors.ts";
import type { RequestHeaders } from "./exchange.ts";

const FIRST_BLOCK_BYTES = 4 * 1024;
const BLOCK_BYTES_MAX = 512 * 1024;
/** A body in one piece up to this length is used without a copy. */
const PIECE_BYTES_MAX = 64 * 1024;
/** Maximum number of pieces, plus one for each `PIECE_BYTES_MEAN_MIN` bytes. Node calls back for every piece. */
const SHORT_PIECES_MAX = 4_096;
const PIECE_BYTES_MEAN_MIN = 256;

export interface BodyOptions {
  readonly bytesMax: number;
  /** Reserves memory for more bytes. @throws CalybrisError if the budget does not allow it. */
  readonly take: (bytes: number) => void;
  /** Called before the body is read. */
  readonly begin: () => void;
}

/**
 * Calls exactly one of the two callbacks, once; neither if the client leaves first.
 *
 * @throws nothing; errors are passed to `refused`.
 */
export function collectBody(
  request: IncomingMessage,
  options: BodyOptions,
  whole: (body: Buffer) => void,
  refused: (error: unknown) => void,
): void {
  const { bytesMax, take, begin } = options;
  const declared = request.headers["content-length"];
  const gathered = new GatheredBody(declared === undefined ? undefined : Number(declared));
  let pieceCount = 0;
  const fail = (error: unknown): void => {
    request.off("data", add);
    request.off("end", end);
    refused(error);
  };
  const add = (piece: Buffer): void => {
    if (gathered.bytes + piece.byteLength > bytesMax) {
      fail(new GatewayError("CAL_GATEWAY_BODY_TOO_LARGE", { bytesMax }));
      return;
    }
    pieceCount += 1;
    if (pieceCount > SHORT_PIECES_MAX + gathered.bytes / PIECE_BYTES_MEAN_MIN) {
      fail(new GatewayError("CAL_GATEWAY_BODY_TOO_COSTLY", { problem: "it comes in too many short chunks" }));
      return;
    }
    try {
      if (declared === undefined) take(piece.byteLength);
      gathered.add(piece);
    } catch (error) {
      fail(error);
    }
  };
  const end = (): void => whole(gathered.whole());
  try {
    if (Number(declared) > bytesMax) throw new GatewayError("CAL_GATEWAY_BODY_TOO_LARGE", { bytesMax });
    if (declared !== undefined) take(Number(declared));
  } catch (error) {
    refused(error);
    return;
  }
  begin();
  request.on("data", add);
  request.on("end", end);
}

/** A body copied into blocks of doubling length, or into one block if its length is known. */
export class GatheredBody {
  readonly #length: number | undefined;
  #only: Buffer | undefined;
  #blocks: Buffer[] = [];
  #used = 0;
  bytes = 0;

  constructor(length: number | undefined) {
    this.#length = length;
  }

  add(piece: Buffer): void {
    const isWhole = this.bytes === 0 && piece.byteLength === this.#length && piece.byteLength <= PIECE_BYTES_MAX;
    this.bytes += piece.byteLength;
    if (isWhole) this.#only = piece;
    else this.#copy(piece);
  }

  whole(): Buffer {
    if (this.#only !== undefined) return this.#only;
    const last = this.#blocks.at(-1);
    if (this.#blocks.length <= 1) return (last ?? EMPTY).subarray(0, this.#used);
    const body = Buffer.allocUnsafeSlow(this.bytes);
    let at = 0;
    for (const block of this.#blocks) {
      at += block.copy(body, at, 0, Math.min(block.byteLength, this.bytes - at));
      // Releases the block's memory at once, so that the body is never held twice.
      (block.buffer as ArrayBuffer).transfer(0);
    }
    this.#blocks = [];
    return body;
  }

  #copy(piece: Buffer): void {
    for (let at = 0; at < piece.byteLength; ) {
      const last = this.#blocks.at(-1);
      const block = last === undefined || this.#used === last.byteLength ? this.#grow(last) : last;
      const size = piece.copy(block, this.#used, at);
      this.#used += size;
      at += size;
    }
  }

  #grow(last: Buffer | undefined): Buffer {
    const doubled = Math.min(BLOCK_BYTES_MAX, last === undefined ? FIRST_BLOCK_BYTES : 2 * last.byteLength);
    const block = Buffer.allocUnsafeSlow(this.#length ?? doubled);
    this.#blocks.push(block);
    this.#used = 0;
    return block;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

/** @throws GatewayError `CAL_GATEWAY_MEDIA_TYPE` for a body that is not plain JSON. */
export function requireJson(headers: RequestHeaders): void {
  const given = headers["content-type"];
  const encoding = headers["content-encoding"];
  if (given === "application/json" && encoding === undefined) return;
  if (encoding !== undefined && encoding !== "identity")
    throw new GatewayError("CAL_GATEWAY_MEDIA_TYPE", { given: `compressed (${encoding})` });
  if (typeof given !== "string" || !/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(given))
    throw new GatewayError("CAL_GATEWAY_MEDIA_TYPE", { given: String(given ?? "of no stated type") });
}
