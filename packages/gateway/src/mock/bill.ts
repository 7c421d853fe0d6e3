/**
 * The bill of the mock provider: a row for each received call, with its own counts. It is the ground truth for a gateway's
 * ledger, and the per-request usage export for reconciliation.
 *
 * One JSON object per line:
 *
 * | member                | meaning                                                                                    |
 * | --------------------- | ------------------------------------------------------------------------------------------ |
 * | `request_id`          | `x-client-request-id` of the request; the provider's own ID if it has none                 |
 * | `provider_request_id` | the ID in the answer's header `x-request-id` or `request-id`                               |
 * | `received_ms`         | time of receipt, in milliseconds of Unix time                                              |
 * | `provider`, `model`   | the price list and the model that determine its price                                      |
 * | `status`              | status of the answer; 0 if none was sent                                                   |
 * | `is_ended`            | `false` while the answer is being generated, and its counts still grow                     |
 * | `usage`               | `input_tokens` with its parts `cache_read_tokens` and `cache_write_tokens`, `output_tokens` with
 * its part `reasoning_tokens` | | `cost_microcents`     | cost of the usage, an integer
 * |
 *
 * A refused call has a row and costs nothing. A call whose answer was lost is billed for the generated output.
 * @module
 */
import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { costOf } from "../prices/call-cost.ts";
import { type PricedModel, pricesAt } from "../prices/model-prices.ts";
import { NO_USAGE } from "../usage/usage-record.ts";
import type { MockCounts } from "./mock-call.ts";

export interface BilledCall {
  readonly requestId: string;
  readonly providerRequestId: string;
  readonly receivedMs: number;
  /** As in the request. */
  readonly model: string;
  /** `undefined` if the model is not served; the call then costs nothing. */
  readonly priced: PricedModel | undefined;
}

/** The row of one call, while it is being written. */
export interface OpenBill {
  /** Bills the input, and the output so far. To be called before the corresponding bytes are sent. */
  bill(counts: MockCounts): void;
  end(status: number): void;
}

const NOTHING: MockCounts = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
};

export class Bill {
  readonly #rowsMax: number;
  readonly #rows = new Set<Row>();
  readonly #file: WriteStream | undefined;
  /** The total cost of dropped rows. */
  #droppedMicrocents = 0n;

  /**
   * @param rowsMax - maximum ended rows in memory; the oldest are dropped beyond it, and remain in the file.
   * @param file - ended rows are appended to it.
   */
  constructor(rowsMax: number, file: string | undefined) {
    this.#rowsMax = rowsMax;
    this.#file = file === undefined ? undefined : createWriteStream(file, { flags: "a" });
  }

  open(call: BilledCall): OpenBill {
    const row = new Row(call);
    this.#rows.add(row);
    return {
      bill: (counts) => {
        row.counts = counts;
      },
      end: (status) => {
        if (row.isEnded) return;
        row.end(status);
        this.#file?.write(`${row.text()}\n`);
        this.#dropOld();
      },
    };
  }

  /** All rows in memory, in the order of arrival of the calls. */
  text(): string {
    return [...this.#rows].map((row) => `${row.text()}\n`).join("");
  }

  /** The cost of all calls, dropped rows included. */
  get totalMicrocents(): bigint {
    return [...this.#rows].reduce((sum, row) => sum + row.cost(), this.#droppedMicrocents);
  }

  /** Waits until the file has all ended rows. */
  async close(): Promise<void> {
    if (this.#file === undefined) return;
    this.#file.end();
    await finished(this.#file);
  }

  #dropOld(): void {
    for (const row of this.#rows) {
      if (this.#rows.size <= this.#rowsMax || !row.isEnded) return;
      this.#rows.delete(row);
      this.#droppedMicrocents += row.cost();
    }
  }
}

class Row {
  readonly #call: BilledCall;
  counts: MockCounts = NOTHING;
  #status = 0;
  #isEnded = false;

  constructor(call: BilledCall) {
    this.#call = call;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  end(status: number): void {
    this.#status = status;
    this.#isEnded = true;
  }

  text(): string {
    const { requestId, providerRequestId, receivedMs, model, priced } = this.#call;
    const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = this.counts;
    return JSON.stringify({
      request_id: requestId,
      provider_request_id: providerRequestId,
      received_ms: receivedMs,
      provider: priced?.provider ?? null,
      model,
      status: this.#status,
      is_ended: this.#isEnded,
      usage: {
        input_tokens: inputTokens,
        cache_read_tokens: cacheReadTokens,
        cache_write_tokens: cacheWriteTokens,
        output_tokens: outputTokens,
        reasoning_tokens: reasoningTokens,
      },
      cost_microcents: Number(this.cost()),
    });
  }

  /** Computed from the mock's own counts, not from its answers with a usage reader. */
  cost(): bigint {
    const { priced, receivedMs } = this.#call;
    if (priced === undefined || this.counts === NOTHING) return 0n;
    const usage = { ...NO_USAGE, ...this.counts };
    return costOf(usage, { provider: priced.provider, prices: pricesAt(priced, receivedMs) }).costMicrocents;
  }
}
