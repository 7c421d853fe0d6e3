/**
 * Signals that a client has left. It has the part of `AbortSignal` that calls use, so an `AbortSignal` can be passed
 * instead. Creating an `AbortController` with its signal and listeners takes longer than deciding a call.
 * @module
 */

/** The part of `AbortSignal` that calls use. */
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

  /** Each listener is called once, in the order of registration. One that is added after the abort is never called. */
  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.#aborted && !this.#listeners.includes(listener)) this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  /** Signals that the client has left. */
  abort(): void {
    this.#aborted = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

/** Waits for a time, or until the client leaves. Resolves to whether it left. */
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
