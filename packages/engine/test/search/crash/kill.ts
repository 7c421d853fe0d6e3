/**
 * Kills a process under load again and again, and holds the journal to what the process had acknowledged. The list of
 * that lives here, outside the process that is killed.
 * @module
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EntryBody, parseEntryBody, samplePolicy } from "@calybris/kernel";
import { Engine } from "../../../src/engine.ts";
import { nodeChain } from "../../../src/journal/chain-hash.ts";
import { nodeDisk } from "../../../src/journal/disk.ts";
import { recover } from "../../../src/journal/recovery.ts";
import { type Chance, seededChance } from "../../support/seeded-chance.ts";
import { CrashViolation } from "./oracle.ts";

export interface KillCounts {
  kills: number;
  /** Decisions and settlements that were acknowledged, all of which were found again. */
  acknowledged: number;
  /** Retries, each answered with what was acknowledged before. */
  retries: number;
}

export interface KillBudget {
  readonly seed: number;
  readonly milliseconds: number;
  readonly kills: number;
  readonly progress?: ((text: string) => void) | undefined;
}

/** A journal grows with each kill, and each start reads all of it; so it is begun anew after so many. */
const KILLS_PER_JOURNAL = 20;
const RETRIES_PER_START = 16;
const STARTED_WITHIN_MS = 600;
const KILLED_WITHIN_MS = 60;
const ANSWERS_MAX = 1_000;

/** What was acknowledged: by request id, which entry, which identity, and which entry settled it. */
class Oracle {
  readonly decided = new Map<string, string>();
  readonly settled = new Map<string, string>();

  /** Takes what a process said; a repeated answer must be the first one. */
  hear(line: string, counts: KillCounts): void {
    const [kind, id = "", ...answer] = line.split(" ");
    const isRepeated = answer.pop() === "true";
    const known = kind === "decided" ? this.decided : this.settled;
    const before = known.get(id);
    const now = answer.join(" ");
    if (before === undefined) counts.acknowledged += 1;
    else if (before !== now || !isRepeated) throw new CrashViolation(`${id} was ${kind} ${before}, and again ${line}`);
    else counts.retries += 1;
    known.set(id, now);
  }
}

export async function killAgainAndAgain(budget: KillBudget): Promise<KillCounts> {
  const chance = seededChance(budget.seed);
  const counts = { kills: 0, acknowledged: 0, retries: 0 };
  const endMs = performance.now() + budget.milliseconds;
  while (counts.kills < budget.kills && performance.now() < endMs) {
    const directory = mkdtempSync(join(tmpdir(), "killed-"));
    try {
      const oracle = new Oracle();
      for (let round = 0; round < KILLS_PER_JOURNAL && counts.kills < budget.kills; round++) {
        await killOnce({ directory, prefix: `r${round}`, oracle, chance, counts });
        budget.progress?.(killSummary(counts));
      }
      await requireFound(directory, oracle);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return counts;
}

export function killSummary({ kills, acknowledged, retries }: KillCounts): string {
  return `${kills} kills; ${acknowledged} decisions and settlements acknowledged, all found again; ${retries} retries`;
}

interface Round {
  readonly directory: string;
  readonly prefix: string;
  readonly oracle: Oracle;
  readonly chance: Chance;
  readonly counts: KillCounts;
}

/** Starts the process, lets it work for a moment after its first answer, and kills it. */
async function killOnce({ directory, prefix, oracle, chance, counts }: Round): Promise<void> {
  const known = [...oracle.decided.keys()];
  const again = known.length === 0 ? [] : Array.from({ length: RETRIES_PER_START }, () => known[chance(known.length)]);
  const child = spawn(process.execPath, [join(import.meta.dirname, "kill-process.ts"), directory, prefix], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end([...new Set(again)].join("\n"));
  const kill = (): boolean => child.kill("SIGKILL");
  // A third each: at any time, so while it starts or recovers too; soon after its first answer; after so many answers.
  const sort = chance(3);
  if (sort === 0) setTimeout(kill, chance(STARTED_WITHIN_MS));
  const answers = sort === 2 ? again.length * 2 + chance(ANSWERS_MAX) : Infinity;
  let output = "";
  let lines = 0;
  const ending = await new Promise<string>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "" && sort === 1) setTimeout(kill, chance(KILLED_WITHIN_MS));
      output += chunk.toString();
      for (const byte of chunk) if (byte === 0x0a && ++lines > answers) kill();
    });
    child.on("close", (code, signal) => resolve(signal ?? `code ${code}`));
  });
  if (ending !== "SIGKILL") throw new CrashViolation(`the process was not killed but ended by itself, ${ending}`);
  counts.kills += 1;
  // The last line may be cut off by the kill: then it was not acknowledged.
  for (const line of output.split("\n").slice(0, -1)) oracle.hear(line, counts);
}

/** All that was acknowledged is in the journal, once; and the money of the journal is the money of the engine. */
async function requireFound(directory: string, oracle: Oracle): Promise<void> {
  const decided = new Map<string, string>();
  const idBySequence = new Map<number, string>();
  const settled = new Map<string, string>();
  const open = new Map<number, bigint>();
  recover(nodeDisk, directory, nodeChain(), false, ({ head, data }) => {
    const body = parseEntryBody(head, data, () => ({ policy: samplePolicy(), spendLimit: "none" })) as EntryBody;
    if (body.kind === "decision") {
      const id = body.requestId ?? "";
      if (decided.has(id)) throw new CrashViolation(`${id} is decided twice`);
      decided.set(id, `${head.sequence} ${body.identity}`);
      idBySequence.set(head.sequence, id);
      open.set(head.sequence, body.decision.costMicrocents);
    } else if (body.kind === "settlement") {
      const id = idBySequence.get(body.of) ?? "";
      if (settled.has(id)) throw new CrashViolation(`${id} is settled twice`);
      settled.set(id, `${head.sequence}`);
      open.delete(body.of);
    }
  });
  for (const [id, answer] of oracle.decided)
    if (decided.get(id) !== answer)
      throw new CrashViolation(`${id} was decided as ${answer}, found ${decided.get(id)}`);
  for (const [id, answer] of oracle.settled)
    if (settled.get(id) !== answer)
      throw new CrashViolation(`${id} was settled in ${answer}, found ${settled.get(id)}`);
  const reserved = [...open.values()].reduce((sum, cost) => sum + cost, 0n);
  const engine = await Engine.open({ directory });
  const { conserved, total } = engine.ledger.prove();
  await engine.close();
  if (!conserved || total.reservedMicrocents !== reserved || total.settledMicrocents !== BigInt(settled.size))
    throw new CrashViolation(
      `reserved ${reserved}, settled ${settled.size}, but the ledger holds ${Object.entries(total).join()}`,
    );
}
