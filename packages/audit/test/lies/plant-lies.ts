/**
 * Plants lies: one member of one entry of an honest journal becomes another, everything is chained anew, and the audit is
 * asked. Short in `npm test`, long in `npm run torture`.
 */
import { nodeSha256 } from "@calybris/engine";
import { parseEntryLine, plainChain } from "@calybris/kernel";
import { ChainAnew } from "../../../engine/test/support/chain-anew.ts";
import { type Chance, seededChance } from "../histories/chance.ts";
import { historyOf } from "../histories/history.ts";
import { runHistory } from "../histories/run-history.ts";
import { auditLines } from "../histories/search-histories.ts";
import { linesOf } from "../money-workload.ts";
import { type Lie, liesOf, wildLiesOf } from "./members.ts";

/** How often a lie about a member was noticed, and how often it was not. */
export interface Noticed {
  noticed: number;
  readonly missed: string[];
}

/** By member. */
export type Table = Map<string, Noticed>;

/**
 * Members that a journal does not imply, or not always: who did it, when within what the neighbours leave open, what a name
 * is, and what nothing after it relies on. Everything else is noticed at any entry.
 */
const OPEN: readonly RegExp[] = [
  // Any time and any promise between those of the neighbours, and people's names.
  /^[a-z]+\.(?:at|durable|actor|onBehalfOf)$/,
  // The client's own, and what it asked for before there was too little headroom; nobody misses a tenant without a limit.
  /^decision\.(?:id|tenant|onBehalfOf|reservationSeconds|defaulted|headroomMicrocents|asked|asked\..*|tags|tags\..*|session|promptDigest)$/,
  // Left out, it is the default one; where the client left no value to it, nothing in the entry follows from it.
  /^decision\.useCase$/,
  // Only the seed distinguishes draws that lead to one tier, and holdouts that lead to the same; and a text's score counts
  // under a prior alone.
  /^decision\.learning\.(?:draw|holdout|textScore)$/,
  /^(?:genesis|policy)\.seedDigest$/,
  // Without its snapshot it activates a policy that was staged: incomplete, because this version cannot check that.
  /^policy\.snapshot$/,
  // A method that this version does not know: incomplete. Without the tree's root, a start from the snapshot is refused.
  /^(?:belief\.method|state\.treeRoot)$/,
  // Evidence that is kept elsewhere.
  /^certificate\.(?:alphaBps|deltaBps|samples)$/,
  /^prior\.prior\.about$/,
  // A reason that nothing follows from.
  /^(?:hold|seal)\.cause$/,
  // Overtaken before anything relied on it: corrected, reset by a policy, or a table that nothing was drawn from.
  /^(?:settlement|reconciliation|correction)\.actualMicrocents$/,
  /^(?:decision\.learning\.features(?:\[\])?|certificate\.regimes|belief\.(?:regime|tiers|tiers\[\]))$/,
  // The time zone database is no part of a journal; and a limit that another replaces before anybody is limited by it.
  /^period\.startsAt$/,
  /^limit\.(?:metered|exposureCapMicrocents|period|period\..*|onShortfall|reservationSeconds)$/,
];

/** Whether a lie about a member may go unnoticed. */
export function isOpen(member: string): boolean {
  return OPEN.some((pattern) => pattern.test(member));
}

const chain = plainChain(nodeSha256);
/** What is noticed at the latest where the state is compared next; after the last such place a lie may remain. */
const COMPARED = '"kind":"state"';

interface Planted extends Lie {
  readonly at: number;
}

/**
 * Plants lies into the journals of seeds `from` to `from + count - 1`.
 *
 * @param each - how many lies of a member at most, over all journals.
 */
export async function plantLies(from: number, count: number, each: number): Promise<Table> {
  const table: Table = new Map();
  for (let seed = from; seed < from + count; seed++) {
    const lines = linesOf((await runHistory(historyOf(seed))).disk);
    for (const lie of chosen(lines, table, each, seededChance(seed))) {
      const row = table.get(lie.member) ?? { noticed: 0, missed: [] };
      table.set(lie.member, row);
      if (row.noticed + row.missed.length >= each) continue;
      if (isNoticed(lines, lie)) row.noticed += 1;
      else row.missed.push(`seed ${seed}, entry ${lie.at + 1}: ${lie.what}`);
    }
  }
  return table;
}

/**
 * Plants values that no writer would write. Whatever a journal holds, the audit ends and says what it found.
 *
 * @returns how many were planted.
 */
export async function plantWildLies(from: number, count: number, each: number): Promise<number> {
  let planted = 0;
  for (let seed = from; seed < from + count; seed++) {
    const lines = linesOf((await runHistory(historyOf(seed))).disk);
    const chance = seededChance(seed);
    for (let turn = 0; turn < each; turn++) {
      const at = chance(lines.length);
      const all = wildLiesOf(dataIn(lines[at] as string));
      const lie = all[chance(all.length)];
      if (lie === undefined) continue;
      try {
        isNoticed(lines, { at, data: lie.data });
      } catch (cause) {
        throw new Error(`seed ${seed}, entry ${at + 1}: ${lie.member} ${lie.what}`, { cause });
      }
      planted += 1;
    }
  }
  return planted;
}

/** In a random order, so that each member is met in different circumstances; of each member as many as are missing. */
function chosen(lines: readonly string[], table: Table, each: number, chance: Chance): readonly Planted[] {
  const last = lines.findLastIndex((line) => line.includes(COMPARED));
  const all = lines.slice(0, last + 1).flatMap((line, at) => liesOf(dataIn(line)).map((lie) => ({ ...lie, at })));
  const taken = new Map<string, number>();
  return shuffled(all, chance).filter(({ member }) => {
    const row = table.get(member);
    const count = (taken.get(member) ?? 0) + 1;
    taken.set(member, count);
    return count <= 2 && (row === undefined || row.noticed + row.missed.length < each);
  });
}

/** Whether the audit calls the journal broken once the lie is in it. */
export function isNoticed(lines: readonly string[], { at, data }: Pick<Planted, "at" | "data">): boolean {
  const kept = lines.slice(0, at);
  const datas = [data, ...lines.slice(at + 1).map(dataIn)];
  const anew = new ChainAnew(chain);
  for (const line of kept) anew.keep(parseEntryLine(line)?.entryHash ?? "");
  const lying = datas.map((text, index) => anew.line(text, index === 0).trimEnd());
  return auditLines([...kept, ...lying]).status === "broken";
}

/** The table as a text: each member, how often a lie about it was noticed, and one that was not. */
export function tableText(table: Table): string {
  const rows = [...table].sort(([a], [b]) => (a < b ? -1 : 1));
  return rows
    .map(([member, { noticed, missed }]) => {
      const verdict = missed.length === 0 ? "noticed" : noticed === 0 ? "not noticed" : "sometimes";
      return `${member.padEnd(58)} ${verdict.padEnd(12)} ${noticed}/${noticed + missed.length} ${missed[0] ?? ""}`.trimEnd();
    })
    .join("\n");
}

function dataIn(line: string): string {
  return parseEntryLine(line)?.data ?? "";
}

function shuffled<Value>(values: readonly Value[], chance: Chance): readonly Value[] {
  const all = [...values];
  for (let at = all.length - 1; at > 0; at--) {
    const other = chance(at + 1);
    [all[at], all[other]] = [all[other] as Value, all[at] as Value];
  }
  return all;
}
