/**
 * `npm run bench -- <name>`: runs one benchmark and prints its table; `--smoke` runs it small.
 * @module
 */
export type Bench = (options: { readonly full: boolean }) => Promise<string>;

/** Loaded when asked for, so that one benchmark does not warm or burden another. */
export const BENCHES: ReadonlyMap<string, () => Promise<Bench>> = new Map([
  ["kernel", async (): Promise<Bench> => (await import("./kernel.ts")).benchKernel],
]);

async function main(args: readonly string[]): Promise<void> {
  const name = args.find((argument) => !argument.startsWith("--"));
  const load = BENCHES.get(name ?? "");
  if (load === undefined) {
    console.error(`Name a benchmark: ${[...BENCHES.keys()].join(", ")}.`);
    process.exitCode = 1;
    return;
  }
  const bench = await load();
  console.log(await bench({ full: !args.includes("--smoke") }));
}

if (import.meta.main) await main(process.argv.slice(2));
