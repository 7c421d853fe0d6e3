/**
 * SHA-256 of many short messages of one length, four at a time in WebAssembly. It equals {@link sha256} on every message.
 * For so few bytes, the call of the platform's hash alone costs about as much as the hashing.
 * @module
 */
import { invariant } from "../invariant.ts";
import { LANES_WASM_BASE64 } from "./lanes-binary.ts";

interface LanesExports {
  readonly freeAddress: () => number;
  readonly digests: (at: number, stride: number, bytes: number, tag: number, count: number, out: number) => void;
}

const PAGE_BYTES = 65_536;
const DIGEST_BYTES = 32;
/** Messages are read in blocks of 16 bytes. */
const SLACK_BYTES = 16;
/** Maximum length of a message with its tag: with its padding it fills two blocks. */
export const LANES_MESSAGE_BYTES_MAX = 119;

let compiled: WebAssembly.Module | undefined;

function lanesModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(LANES_WASM_BASE64), (char) => char.charCodeAt(0)));
  return compiled;
}

/** Messages of one length, consecutive or `stride` bytes apart. */
export interface LanesMessages {
  /** 1 to the capacity. */
  readonly count: number;
  readonly bytes: number;
  /** At least `bytes`, at most the `strideMax` of the memory. */
  readonly stride: number;
  /** A byte that is hashed before the `bytes` of each message. */
  readonly tag?: number;
}

/**
 * Memory for messages and their digests.
 *
 * @example
 * ```ts
 * import { Sha256Lanes, toHex } from "@calybris/kernel";
 * const lanes = new Sha256Lanes({ capacity: 2, strideMax: 8 });
 * lanes.messages.set(new TextEncoder().encode("abcabc"));
 * lanes.digest({ count: 2, bytes: 3, stride: 3 });
 * toHex(lanes.digests.subarray(32, 64)).slice(0, 16); // "ba7816bf8f01cfea"
 * ```
 */
export class Sha256Lanes {
  readonly capacity: number;
  /** The caller writes the messages here. */
  readonly messages: Uint8Array;
  /** The digests of the last call, 32 bytes each, consecutive. */
  readonly digests: Uint8Array;
  readonly #strideMax: number;
  readonly #messagesAt: number;
  readonly #digestsAt: number;
  readonly #digest: LanesExports["digests"];

  /** @param module - by default the package's own; tests pass another one. */
  constructor(options: { readonly capacity: number; readonly strideMax: number; readonly module?: object }) {
    const { capacity, strideMax, module = lanesModule() } = options;
    const messageBytes = capacity * strideMax;
    const memory = new WebAssembly.Memory({
      initial: 1 + Math.ceil((messageBytes + SLACK_BYTES + capacity * DIGEST_BYTES) / PAGE_BYTES),
    });
    const { exports } = new WebAssembly.Instance(module as WebAssembly.Module, { env: { memory } });
    const { freeAddress, digests } = exports as unknown as LanesExports;
    this.capacity = capacity;
    this.#strideMax = strideMax;
    this.#digest = digests;
    this.#digestsAt = freeAddress();
    this.#messagesAt = this.#digestsAt + capacity * DIGEST_BYTES;
    this.digests = new Uint8Array(memory.buffer, this.#digestsAt, capacity * DIGEST_BYTES);
    this.messages = new Uint8Array(memory.buffer, this.#messagesAt, messageBytes);
  }

  /** Hashes the messages in {@link messages}. */
  digest({ count, bytes, stride, tag = -1 }: LanesMessages): void {
    invariant(count >= 1 && count <= this.capacity, `1 to ${this.capacity} messages are hashed, got ${count}`);
    invariant(bytes <= stride && stride <= this.#strideMax, `a message of ${bytes} bytes lies within its stride`);
    invariant(
      bytes + (tag < 0 ? 0 : 1) <= LANES_MESSAGE_BYTES_MAX,
      `a message has at most ${LANES_MESSAGE_BYTES_MAX} bytes`,
    );
    invariant(tag <= 255, "a tag is a byte");
    this.#digest(this.#messagesAt, stride, bytes, tag, count, this.#digestsAt);
  }
}
