/**
 * One connection. All input and output passes through it, whichever path answers, so budgets and deadlines are enforced
 * here: one request at a time, at most two pieces of the input that follows it, and one answer that waits to be taken.
 *
 *     waiting ─┬─ plain POST ─▶ fast path admits ─▶ body ─▶ answer ─┬─▶ waiting
 *              └─ anything else ─▶ Node's server reads and answers ─┘
 *
 * A client that closes its side still gets the answers to what it sent.
 * @module
 */
import type { Socket } from "node:net";
import type { CalybrisError } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { AnswerQueue } from "./answer-queue.ts";
import { asCoded } from "./error-dialect.ts";
import { bodyBytesMaxOf, FastExchange, type FastPath, type FastRequest } from "./fast-path.ts";
import { HeldInput } from "./held-input.ts";
import { NodeSide, type NodeSideOwner } from "./node-side.ts";
import { rawAnswer } from "./raw-answer.ts";
import { HEADERS_MAX } from "./request-head.ts";
import type { ActiveRequest } from "./active-request.ts";
import type { TrafficBudget } from "./traffic-budget.ts";

export interface ConnectionParts {
  readonly budget: TrafficBudget;
  readonly limits: {
    readonly headersMs: number;
    readonly requestMs: number;
    readonly answerMs: number;
    readonly idleMs: number;
    readonly headerBytesMax: number;
  };
  /** `undefined` if every request goes to Node's server. */
  readonly fastPath: FastPath | undefined;
  /** Passes a connection to Node's server. */
  readonly accept: (side: NodeSide) => void;
  /** Called after an error that belongs to no request was answered. */
  readonly refused: (error: CalybrisError) => void;
  /** Called when the connection is cut because the client did not take its answer in time. */
  readonly cut: () => void;
}

/** Maximum number of requests answered in one turn of the event loop, so that a pipelining client does not delay others. */
const STEPS_PER_TURN = 64;
/** After the last answer, input is discarded for this time, so that a reset does not destroy the answer. */
const LINGER_MS = 1_000;

type Mode = "waiting" | "body" | "fast" | "node" | "closing" | "closed";

const NO_BODY: Buffer = Buffer.alloc(0);

export class RawConnection implements NodeSideOwner {
  readonly #socket: Socket;
  readonly #parts: ConnectionParts;
  readonly #answers: AnswerQueue;
  #mode: Mode = "waiting";
  /** Start of the wait for a request, or of the arrival of the current one. */
  #sinceMs: number = performance.now();
  #isFresh = true;
  readonly #held: HeldInput = new HeldInput();
  #hasEnded = false;
  #isAdvancing = false;
  #fast: FastExchange | undefined;
  /** The request that the fast path has admitted, and the part of its body that has arrived. */
  #active: ActiveRequest | undefined;
  #body: Buffer = NO_BODY;
  #bodyBytes = 0;
  #side: NodeSide | undefined;
  #left: (() => void) | undefined;

  constructor(socket: Socket, parts: ConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#answers = new AnswerQueue(socket, parts.budget, parts.limits.answerMs);
    socket.on("data", this.#arrived);
    socket.on("end", this.#ended);
    socket.on("close", this.#closed);
    // The `close` event follows and is handled.
    socket.on("error", () => undefined);
  }

  get isOpen(): boolean {
    return this.#mode !== "closing" && this.#mode !== "closed";
  }

  write(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    bytes: number,
    taken: (error?: Error | null) => void,
  ): void {
    this.#answers.write(data, encoding, bytes, taken);
  }

  together(write: () => void): void {
    this.#answers.together(write);
  }

  gather(): void {
    this.#answers.gather();
  }

  /** Calls `left` once, when the client closes its side or the connection. */
  onLeave(left: () => void): void {
    if (this.#hasEnded || this.#mode === "closed") left();
    else this.#left = left;
  }

  /** Called by the fast path after it has answered. */
  answered(): void {
    if (this.#mode !== "fast") return;
    this.#left = undefined;
    this.#wait();
    this.advance();
  }

  /** Closes the connection after all written bytes are sent. */
  end(): void {
    if (!this.isOpen) return;
    this.#mode = "closing";
    this.#sinceMs = performance.now();
    this.#held.clear();
    this.#socket.end();
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Called when Node's server has given up the connection. */
  abandoned(): void {
    if (this.#mode === "node") this.destroy();
  }

  closeIfIdle(): void {
    if (this.#mode === "waiting" && this.#held.bytes === undefined) this.destroy();
  }

  failed(error: NodeJS.ErrnoException): void {
    if (this.#mode !== "node" || error.code === "ECONNRESET" || error.code === "EPIPE") return;
    const { headerBytesMax: bytesMax } = this.#parts.limits;
    this.#refuse(
      error.code === "HPE_HEADER_OVERFLOW"
        ? new GatewayError("CAL_GATEWAY_HEADERS_TOO_LARGE", { bytesMax, headersMax: HEADERS_MAX })
        : new GatewayError("CAL_GATEWAY_HTTP_MALFORMED", { problem: error.code ?? "it cannot be read" }),
    );
  }

  /** Takes as many steps as the received input allows. */
  readonly advance = (): void => {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    let steps = 0;
    while (this.#step()) {
      steps += 1;
      if (steps < STEPS_PER_TURN) continue;
      setImmediate(this.advance);
      break;
    }
    this.#isAdvancing = false;
    // While a request is answered, at most two pieces of later input are held.
    if (this.#held.bytes !== undefined && this.isOpen) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  };

  /** Enforces the deadlines. */
  look(nowMs: number): void {
    if (this.#answers.isLate(nowMs)) {
      this.#parts.cut();
      this.destroy();
      return;
    }
    const { headersMs, requestMs, idleMs } = this.#parts.limits;
    const ageMs = nowMs - this.#sinceMs;
    if (this.#mode === "waiting" && this.#held.isDropping) {
      if (ageMs > requestMs) this.end();
    } else if (
      this.#mode === "waiting" &&
      this.#held.bytes === undefined &&
      ageMs > (this.#isFresh ? headersMs : idleMs)
    )
      this.destroy();
    else if (this.#mode === "body" && ageMs > requestMs) this.#late(requestMs);
    else if (this.#mode === "node" && this.#side?.isIncomplete === true) {
      const limitMs = this.#side.isInHead ? Math.min(headersMs, requestMs) : requestMs;
      if (ageMs > limitMs) this.#late(limitMs);
    } else if (this.#mode === "closing" && ageMs > LINGER_MS && this.#answers.bytes === 0) this.destroy();
  }

  readonly #arrived = (piece: Buffer): void => {
    if (!this.isOpen) return;
    this.#held.add(piece);
    this.advance();
  };

  readonly #ended = (): void => {
    this.#hasEnded = true;
    this.#leave();
    this.advance();
  };

  readonly #closed = (): void => {
    this.#mode = "closed";
    this.#held.clear();
    this.#side?.destroy();
    this.#leave();
    this.#fast?.gone();
  };

  #leave(): void {
    const left = this.#left;
    this.#left = undefined;
    left?.();
  }

  /** Takes one step. Returns whether another may follow. */
  #step(): boolean {
    switch (this.#mode) {
      case "waiting":
        return this.#begin();
      case "body":
        return this.#fill();
      case "node":
        return this.#feed();
      default:
        return false;
    }
  }

  #begin(): boolean {
    const bytes = this.#held.nextRequest();
    if (bytes === undefined) {
      if (this.#hasEnded) this.end();
      return false;
    }
    this.#isFresh = false;
    this.#sinceMs = performance.now();
    try {
      this.#parts.budget.requireAnswerRoom();
      const plain = this.#parts.fastPath?.find(bytes);
      if (plain === undefined || plain.head.length > bodyBytesMaxOf(plain.route)) this.#toNode();
      else this.#toFast(plain, bytes);
    } catch (error) {
      this.#refuse(asCoded(error));
    }
    return this.isOpen;
  }

  #toFast(plain: FastRequest, bytes: Buffer): void {
    this.#fast ??= new FastExchange(this);
    const { length } = plain.head;
    const body = bytes.subarray(plain.bodyAt, plain.bodyAt + length);
    this.#held.take(plain.bodyAt + body.byteLength);
    this.#mode = "fast";
    this.#active = this.#parts.fastPath?.begin(this.#fast, plain);
    if (this.#active === undefined) this.#held.drop(length - body.byteLength);
    else if (body.byteLength === length) this.#finish(body);
    else {
      this.#mode = "body";
      this.#body = Buffer.allocUnsafe(length);
      this.#bodyBytes = body.copy(this.#body);
    }
  }

  #fill(): boolean {
    if (this.#held.bytes === undefined) {
      if (this.#hasEnded) this.#refuse(brokenOff());
      return false;
    }
    this.#bodyBytes += this.#held.moveInto(this.#body, this.#bodyBytes);
    if (this.#bodyBytes < this.#body.byteLength) return this.#hasEnded;
    const body = this.#body;
    this.#body = NO_BODY;
    this.#mode = "fast";
    this.#finish(body);
    return true;
  }

  #finish(body: Buffer): void {
    const active = this.#active;
    this.#active = undefined;
    if (active !== undefined) this.#parts.fastPath?.finish(active, body);
  }

  #toNode(): void {
    this.#mode = "node";
    if (this.#side === undefined) {
      this.#side = new NodeSide(this);
      this.#parts.accept(this.#side);
    }
    this.#side.expectRequest();
  }

  #feed(): boolean {
    const side = this.#side;
    if (side === undefined) return false;
    if (side.isIdle) {
      this.#left = undefined;
      this.#wait();
      return true;
    }
    if (this.#held.bytes !== undefined) {
      const size = side.feed(this.#held.bytes);
      if (size === 0 || !this.isOpen) return false;
      this.#held.take(size);
      return true;
    }
    if (this.#hasEnded && side.isIncomplete && side.mayFeed()) this.#refuse(brokenOff());
    return false;
  }

  #wait(): void {
    this.#mode = "waiting";
    this.#sinceMs = performance.now();
  }

  #late(milliseconds: number): void {
    this.#refuse(new GatewayError("CAL_GATEWAY_TIMEOUT", { milliseconds }));
  }

  /** Answers with an error that belongs to no request, or to one that cannot be answered otherwise, and closes. */
  #refuse(error: CalybrisError): void {
    const begun = this.#mode === "node" ? this.#side?.answerBegun : undefined;
    if (begun === "partly") {
      this.destroy();
      return;
    }
    if (begun === undefined) {
      const { text, bytes } = rawAnswer(error);
      this.#parts.refused(error);
      this.#answers.write(text, "utf8", bytes, () => undefined);
    }
    this.end();
    this.#side?.destroy();
  }
}

function brokenOff(): GatewayError {
  return new GatewayError("CAL_GATEWAY_HTTP_MALFORMED", { problem: "it breaks off" });
}
