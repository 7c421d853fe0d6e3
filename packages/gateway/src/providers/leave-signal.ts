/**
 * The departure of a client. It has the part of an `AbortSignal` that calls use, so that one can be given in its place: a
 * controller, its signal, and the table of its listeners take longer to make than a call takes to be decided.
 * @module
 */

/** An `AbortSignal` is one. */
export interface LeaveSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * @example
 * ```ts
 * const leave = new ClientLeave();
 * const heard: string[] = [];
 * leave.addEventListener("abort", () => heard.push("left"));
 * leave.abort();
 * heard; // ["left"]
 * leave.aborted; // true
 * ```
 */
export class ClientLeave implements LeaveSignal {
  #aborted = false;
  #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Each listener is called once, in the order in which they came; none that comes later is. */
  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.#aborted && !this.#listeners.includes(listener)) this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  /** The client has left. */
  abort(): void {
    this.#aborted = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

/** Waits, and no longer than the client does. Returns whether it left. */
export function sleepUnlessLeft(milliseconds: number, left: LeaveSignal): Promise<boolean> {
  if (left.aborted) return Promise.resolve(true);
  return new Promise((resolve) => {
    const leave = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      left.removeEventListener("abort", leave);
      resolve(false);
    }, milliseconds);
    left.addEventListener("abort", leave, { once: true });
  });
}
