/**
 * A journal of an engine whose state snapshots hold every part that there is: random commands, calls with several attempts, staged
 * policies and rollbacks, keys that are revoked, and checkpoints. With the snapshot that the engine takes at every `state` entry.
 */
import {
  EngineState,
  JournalTree,
  nodeChain,
  nodeSigner,
  policiesAt,
  pooledSigner,
  segmentNumber,
} from "@calybris/engine/internal";
import {
  type ChainedLine,
  type EntryBody,
  type EntryHead,
  parseChainedLine,
  parseEntryBody,
  parseEntryHead,
  verifierKey,
} from "@calybris/kernel";
import { textsOf } from "../../engine/src/snapshot/snapshot-keeper.ts";
import { ASKED, boundsOf } from "../../engine/test/support/call-world.ts";
import { type Command, CommandWorld, drawCommands, learning } from "../../engine/test/support/command-world.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { type Chance, seededChance } from "../../engine/test/support/seeded-chance.ts";
import { withTimersHeld } from "../../engine/test/support/virtual-timers.ts";

export interface SnapshotCut {
  /** Index of the state entry's line. */
  readonly at: number;
  /** The lines of the snapshot, with its end. */
  readonly snapshot: readonly string[];
}

export interface SnapshotJournal {
  readonly lines: readonly string[];
  readonly cuts: readonly SnapshotCut[];
}

/** Gates that nearly every policy passes. */
const OPEN = { decisionsMin: 0, actionDeltaMaxBps: 10_000, margin: 0.99, alpha: 0.999 };
const SEED = new Uint8Array(32).fill(9);
const TENANTS = ["default", "org", "team", "solo"];
/** Commands between two steps of another kind. */
const EVERY = 3;

export function snapshotJournal(seed: number, commands = 170): Promise<SnapshotJournal> {
  return withTimersHeld(async () => {
    const key = verifierKey("example.org/log", "ed25519", nodeSigner(SEED).publicKey);
    // Half of the journals learn by regimes, and half by offsets.
    const method = seed % 2 === 0 ? {} : { method: "offsets" as const };
    const world = await CommandWorld.open({
      policy: learning(1n, method),
      segmentBytesMax: 12_000,
      checkpoint: { signer: { key, signer: pooledSigner(SEED) }, everyEntries: 1_000_000 },
    });
    const chance = seededChance(seed + 1_000);
    // A prior ends with the features that it scores.
    const scripted = new Map<number, Command>([
      [Math.floor(commands * 0.4), { does: "setPolicy", policy: learning(2_000n, method) }],
      [Math.floor(commands * 0.4) + 1, { does: "setPrior" }],
      [Math.floor(commands * 0.7), { does: "setPolicy", policy: sampleSnapshot(2_001n) }],
    ]);
    for (const [index, drawn] of drawCommands(seededChance(seed), commands).entries()) {
      const command = scripted.get(index) ?? drawn;
      const { learning: learns } = command.does === "setPolicy" ? command.policy : {};
      await world.start(
        command.does === "setPolicy" && learns !== undefined
          ? { ...command, policy: { ...command.policy, learning: { ...learns, ...method } as never } }
          : command,
      );
      if (index % EVERY === 0) await step(world, chance, index, method).catch(refused);
    }
    await world.engine.close();
    const names = [...world.disk.files.keys()].filter((name) => segmentNumber(name) !== undefined).sort();
    const texts = names.map((name) => Buffer.from(world.disk.files.get(name) ?? []).toString());
    const lines = texts.flatMap((text) => text.match(/[^\n]+/g) ?? []);
    return { lines, cuts: cutsOf(lines) };
  });
}

async function step(world: CommandWorld, chance: Chance, index: number, method: object): Promise<void> {
  const { engine } = world;
  switch (chance(7)) {
    case 0:
      if (chance(2) === 0) {
        // The staged policy decides for some tenants, by the same learner.
        const { policyId } = await engine.rollout.stage({ ...engine.snapshot, name: `canary ${index}` });
        for (let number = 0; number < 4; number++) {
          const { decisionId } = await engine.decide({ inputTokens: 1_000, valueMicrocents: 100_000_000 });
          await engine.learning.observe({ decisionId, succeeded: true });
        }
        await engine.rollout.canary(policyId, chance(10_001), () => ({}), OPEN);
      } else await engine.rollout.stage(learning(BigInt(1_000 + index), { explorationBps: 1 + index, ...method }));
      break;
    case 1:
      await engine.rollout.rollBack(1 + chance(3), { onBehalfOf: "ana" });
      break;
    case 2:
      await engine.checkpoints.sign();
      break;
    case 3: {
      const sha256 = index.toString(16).padStart(64, "0");
      const sequence = await engine.keys.create({ name: `k${index}`, sha256, scopes: ["decide"], perSecond: 5 }, {});
      if (chance(2) === 0) await engine.keys.revoke(sequence, {});
      break;
    }
    default:
      await call(world, chance, index);
  }
}

/** A call that fails over now and then, and is left open, held, or ended. */
async function call({ engine }: CommandWorld, chance: Chance, index: number): Promise<void> {
  const tenant = TENANTS[chance(TENANTS.length)] as string;
  const begun = await engine.calls.begin({ ...ASKED, tenant, requestId: `call ${index}`, bounds: boundsOf(900n) });
  if (!("call" in begun)) return;
  const { call } = begun;
  const end = { number: 1, status: 500, latencyMs: 5 };
  const ending = chance(5);
  if (ending === 0) return;
  await call.attemptEnded({ ...end, ...(chance(2) === 0 ? { costMicrocents: 100n } : {}) });
  const [bound] = boundsOf(300n);
  if (bound !== undefined && chance(2) === 0) await call.attempt({ candidate: call.candidate, bound });
  if (ending === 1) await call.hold({ cause: "stream_cut" });
  if (ending === 2) await call.complete({ succeeded: true });
}

/** A command may be refused: what it would have changed is not there. */
function refused(error: unknown): void {
  if ((error as { readonly code?: string }).code?.startsWith("CAL_") !== true) throw error;
  if ((error as { readonly code?: string }).code?.startsWith("CAL_") !== true) throw error;
}

/** The engine's own state, entry by entry, and its snapshot wherever an entry binds one. */
function cutsOf(lines: readonly string[]): readonly SnapshotCut[] {
  const chain = nodeChain();
  const [state, tree] = [new EngineState(), new JournalTree()];
  const cuts: SnapshotCut[] = [];
  for (const [at, line] of lines.entries()) {
    const { dataText, entryHash } = parseChainedLine(Buffer.from(line)) as ChainedLine;
    const head = parseEntryHead(dataText) as EntryHead;
    if (head.kind === "state") {
      const texts = textsOf({ ...state.snapshot(), tree: tree.frontier() }, chain);
      cuts.push({ at, snapshot: [...texts].map((text) => Buffer.from(text).toString()) });
    }
    state.apply(head.sequence, head.at, parseEntryBody(head, dataText, policiesAt(state, head.sequence)) as EntryBody);
    tree.apply(head.sequence, entryHash);
  }
  return cuts;
}
