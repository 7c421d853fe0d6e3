import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { verifyLog } from "../../src/verify/verify.ts";
import { mkfifoSync } from "../support/named-pipe.ts";
import { newFolder } from "../support/sample-files.ts";
import {
  ATTACKS,
  type Attack,
  type Journal,
  KEY,
  KEY_FILE,
  madeJournal,
  segmentsOf,
  TRUST,
} from "./attack-journals.ts";

// Goal: each attack has the verdict that docs/threat-model.md promises, for each thing that a verifier may hold.
// Method: the table of the page is read, each attack is carried out on real files, plain and keyed, and `verify` is asked.

const PAGE = readFileSync("docs/threat-model.md", "utf8");

/** What a verifier may hold, as the columns of the page name it. */
const HOLDINGS = ["the journal", "its key", "a head", "a checkpoint"] as const;
type Holding = (typeof HOLDINGS)[number];

let plain: Journal;
let keyed: Journal;
let other: Journal;

beforeAll(async () => {
  plain = await madeJournal(undefined, "ours");
  keyed = await madeJournal(KEY, "ours");
  other = await madeJournal(undefined, "another");
});

async function verdict(journal: Journal, attack: Attack, holding: Holding): Promise<"detected" | "not detected"> {
  const directory = join(newFolder(), "journal");
  cpSync(journal.directory, directory, { recursive: true });
  attack(directory, journal.chain, other.directory);
  const { status } = await verifyLog(directory, {
    threads: 1,
    ...(holding === "its key" && { keyFile: KEY_FILE }),
    ...(holding === "a head" && { head: journal.head }),
    ...(holding === "a checkpoint" && { checkpoint: [journal.note], trust: TRUST }),
  });
  return status === "intact" ? "not detected" : "detected";
}

/** The rows of the page below its line `<!-- attacks -->`. */
function promised(): ReadonlyMap<string, readonly string[]> {
  const table = PAGE.slice(PAGE.indexOf("<!-- attacks -->"), PAGE.indexOf("<!-- /attacks -->"));
  const rows = table.split("\n").filter((line) => line.startsWith("| "));
  const cells = rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(cells.map(([name = "", ...verdicts]) => [name, verdicts]));
}

describe("the threat model", () => {
  test("lists every attack, and no other", () => {
    expect([...promised().keys()].sort()).toEqual(Object.keys(ATTACKS).sort());
  });

  test.each(Object.entries(ATTACKS))(
    "an attacker who %s has the verdict that the page promises",
    async (name, attack) => {
      const verdicts: string[] = [];
      for (const holding of HOLDINGS)
        verdicts.push(await verdict(holding === "its key" ? keyed : plain, attack, holding));
      expect(verdicts).toEqual(promised().get(name));
    },
  );

  test("the journals that are attacked are intact, whatever is held", async () => {
    for (const holding of HOLDINGS)
      expect([holding, await verdict(holding === "its key" ? keyed : plain, () => undefined, holding)]).toEqual([
        holding,
        "not detected",
      ]);
  });
});

describe("a directory with something else in it", () => {
  const altered = async (change: (file: string) => void): Promise<string> => {
    const directory = join(newFolder(), "journal");
    cpSync(plain.directory, directory, { recursive: true });
    change(segmentsOf(directory)[1] as string);
    try {
      return (await verifyLog(directory, { threads: 1 })).status;
    } catch (error) {
      return (error as { code?: string }).code ?? "bug";
    }
  };

  test("a pipe, a link to itself, and a directory in place of a segment are refused without waiting", async () => {
    const made = (make: (file: string) => void) => (file: string) => {
      rmSync(file);
      make(file);
    };
    expect(await altered(made(mkfifoSync))).toBe("CAL_JOURNAL_UNREADABLE");
    expect(await altered(made((file) => symlinkSync(file, file)))).toBe("CAL_INPUT_UNREADABLE");
    expect(await altered(made((file) => cpSync(plain.directory, file, { recursive: true })))).toBe(
      "CAL_JOURNAL_UNREADABLE",
    );
  });

  test("carriage returns, a byte order mark, a line of 20 MB and a time in the future are no journal of ours", async () => {
    const text = (change: (text: string) => string) => (file: string) =>
      writeFileSync(file, change(readFileSync(file, "utf8")));
    expect(await altered(text((lines) => lines.replaceAll("\n", "\r\n")))).toBe("broken");
    expect(await altered(text((lines) => `\ufeff${lines}`))).toBe("broken");
    expect(await altered(text((lines) => `${"x".repeat(20_000_000)}\n${lines}`))).toBe("broken");
    expect(await altered(text((lines) => lines.replace(/"at":\d+/, '"at":9007199254740991')))).toBe("broken");
  });
});
