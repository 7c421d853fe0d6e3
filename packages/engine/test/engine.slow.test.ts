import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DecisionEntry, type EntryBody, parseEntryBody, samplePolicy } from "@calybris/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeChain } from "../src/journal/chain-hash.ts";
import { nodeDisk } from "../src/journal/disk.ts";
import { recover } from "../src/journal/recovery.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "engine-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Every decision of a journal by its sequence, after the chain was verified. */
function decisions(): Map<number, DecisionEntry> {
  const found = new Map<number, DecisionEntry>();
  recover(nodeDisk, directory, nodeChain(), false, ({ head, data }) => {
    const body = parseEntryBody(head, data, () => ({ policy: samplePolicy(), spendLimit: "none" })) as EntryBody;
    if (body.kind === "decision") found.set(head.sequence, body);
  });
  return found;
}

/** Few here; `killed again and again` in `test/torture/` has two hundred. */
const KILLS = Number(process.env["CALYBRIS_KILLS"] ?? 5);

test(`killed ${KILLS} times under load, nothing acknowledged is lost and no id is decided twice`, async () => {
  const acknowledged = new Map<string, string>();
  for (let round = 0; round < KILLS; round++) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "support/killed-process.ts"), directory, `round${round}`],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let output = "";
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        if (output === "") setTimeout(() => child.kill("SIGKILL"), (round * 7) % 60);
        output += chunk.toString();
      });
      child.on("close", () => resolve());
    });
    for (const line of output.split("\n").slice(0, -1)) {
      const [requestId = "", sequence = "", identity = ""] = line.split(" ");
      acknowledged.set(requestId, `${sequence} ${identity}`);
    }
  }
  const recovered = new Map<string, string>();
  for (const [sequence, { requestId = "", identity }] of decisions()) {
    expect(recovered.has(requestId), `${requestId} is decided once`).toBe(false);
    recovered.set(requestId, `${sequence} ${identity}`);
  }
  expect(acknowledged.size).toBeGreaterThan(KILLS);
  for (const [requestId, answer] of acknowledged) expect(recovered.get(requestId)).toBe(answer);
});
