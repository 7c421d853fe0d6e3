/**
 * A window over the last 1,000 recommendations that marks those lifted as anomalous in their regime.
 * @module
 */
import type { ExactJson, SnapshotMembers } from "@calybris/kernel";
import { ANOMALY_WINDOW } from "./settings.ts";

export class Lifted {
  readonly #window = new Uint8Array(ANOMALY_WINDOW);
  #at = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(isLifted: boolean): void {
    this.#count += (isLifted ? 1 : 0) - (this.#window[this.#at] as number);
    this.#window[this.#at] = isLifted ? 1 : 0;
    this.#at = (this.#at + 1) % ANOMALY_WINDOW;
  }

  /** For a state snapshot. */
  toSnapshot(): ExactJson {
    return { window: this.#window.join(""), at: this.#at };
  }

  /** Throws RangeError for an invalid window. */
  restore(members: SnapshotMembers): void {
    const [window, at] = [members.text("window"), members.whole("at")];
    if (!/^[01]+$/.test(window) || window.length !== ANOMALY_WINDOW || at >= ANOMALY_WINDOW)
      throw new RangeError("lifted is not a window");
    for (let index = 0; index < ANOMALY_WINDOW; index++) this.#window[index] = Number(window[index]);
    this.#at = at;
    this.#count = this.#window.reduce((sum, each) => sum + each, 0);
  }
}
