import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { makeKilledJournal } from "../../../../bench/large-journal.ts";
import { Sandbox } from "../support/sample-files.ts";

// Goal: the memory of verify does not grow with the journal. What it keeps is bounded: the latest 131,072 outcomes and 262,144 closed
// reservations, and digests.

const ENTRIES = [10_000, 200_000] as const;
/** Records of so many decisions, in bytes: 101 of an outcome and 77 of a closed reservation; and what V8 does not give back. */
const MORE_MB_MAX = 19 + 60;

const PROGRAM = `
  import { verifyLog } from ${JSON.stringify(new URL("../../src/verify/verify.ts", import.meta.url).href)};
  const { status, entries } = await verifyLog(process.argv[1], { threads: 1 });
  console.log(JSON.stringify({ status, entries, megabytes: process.resourceUsage().maxRSS / 1_000 }));
`;

test("verify takes little more memory for 200,000 entries than for 10,000", async () => {
  const files = new Sandbox();
  const megabytes: number[] = [];
  for (const least of ENTRIES) {
    const journal = files.at(`${least}`);
    await makeKilledJournal(journal, least, "learns");
    // As the command begins (program.ts).
    const words = ["--semi-space-growth-factor=1", "--input-type=module", "--eval", PROGRAM, journal];
    const found = JSON.parse(execFileSync(process.execPath, words).toString()) as Found;
    expect(found.status).toBe("intact");
    expect(found.entries).toBeGreaterThanOrEqual(least);
    megabytes.push(found.megabytes);
  }
  const [short = 0, long = 0] = megabytes;
  expect(long - short).toBeLessThan(MORE_MB_MAX);
});

interface Found {
  readonly status: string;
  readonly entries: number;
  readonly megabytes: number;
}
