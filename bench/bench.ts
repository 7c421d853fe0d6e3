/**
 * `npm run bench -- <name>`: runs one benchmark and prints its table. `--smoke` selects a small run, `--requests N` or
 * `--decisions N` the number of requests to decide, `--entries N` the length of the journal to read, and `--against REF` a
 * commit that the benchmark of the engine alternates with these sources.
 * @module
 */
import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly full: boolean;
  readonly requests?: number;
  readonly entries?: number;
  readonly against?: string;
}
export type Bench = (options: BenchOptions) => Promise<string>;

/** Each benchmark is loaded on demand, so that it does not affect another. */
export const BENCHES: ReadonlyMap<string, () => Promise<Bench>> = new Map([
  ["kernel", async (): Promise<Bench> => (await import("./kernel.ts")).benchKernel],
  ["coverage", async (): Promise<Bench> => (await import("./coverage.ts")).benchCoverage],
  ["engine", async (): Promise<Bench> => (await import("./engine.ts")).benchEngine],
  ["entry", async (): Promise<Bench> => (await import("./entry.ts")).benchEntry],
  ["gateway", async (): Promise<Bench> => (await import("./gateway.ts")).benchGateway],
  ["journal", async (): Promise<Bench> => (await import("./journal.ts")).benchJournal],
  ["ledger", async (): Promise<Bench> => (await import("./ledger.ts")).benchLedger],
  ["million", async (): Promise<Bench> => (await import("./million.ts")).benchMillion],
  ["proof", async (): Promise<Bench> => (await import("./proof.ts")).benchProof],
  ["ready", async (): Promise<Bench> => (await import("./ready.ts")).benchReady],
  ["regret", async (): Promise<Bench> => (await import("./known-regret.ts")).benchKnownRegret],
  ["rollout", async (): Promise<Bench> => (await import("./rollout.ts")).benchRollout],
  ["savings", async (): Promise<Bench> => (await import("./savings.ts")).benchSavings],
  ["service", async (): Promise<Bench> => (await import("./service.ts")).benchService],
  ["spending", async (): Promise<Bench> => (await import("./spending.ts")).benchSpending],
  ["start", async (): Promise<Bench> => (await import("./start.ts")).benchStart],
  ["verify", async (): Promise<Bench> => (await import("./verify.ts")).benchVerify],
  ["whatif", async (): Promise<Bench> => (await import("./what-if.ts")).benchWhatIf],
]);

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      smoke: { type: "boolean" },
      requests: { type: "string" },
      decisions: { type: "string" },
      entries: { type: "string" },
      against: { type: "string" },
    },
  });
  const [name] = positionals;
  const load = BENCHES.get(name ?? "");
  if (load === undefined) {
    console.error(`Name a benchmark: ${[...BENCHES.keys()].join(", ")}.`);
    process.exitCode = 1;
    return;
  }
  const bench = await load();
  console.log(
    await bench({
      full: values.smoke !== true,
      ...counted("requests", values.requests ?? values.decisions),
      ...counted("entries", values.entries),
      ...(values.against === undefined ? {} : { against: values.against }),
    }),
  );
}

function counted(name: "requests" | "entries", text: string | undefined): Partial<BenchOptions> {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? { [name]: count } : {};
}

if (import.meta.main) await main(process.argv.slice(2));
