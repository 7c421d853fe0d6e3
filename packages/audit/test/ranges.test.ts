import { nodeSha256 } from "@calybris/engine";
import { nodeChain } from "@calybris/engine/internal";
import {
  type ExactJson,
  entryLine,
  parseEntryLine,
  parseExact,
  plainChain,
  StateSnapshotDigest,
  wasmKernel,
  writeExact,
} from "@calybris/kernel";
import { expect, test } from "vitest";
import { caseCount, someOf, stride } from "../../../test/share.ts";
import { ChainAnew } from "../../engine/test/support/chain-anew.ts";
import { LogAudit } from "../src/audit.ts";
import {
  type AuditedRange,
  type AuditReport,
  awaitedOf,
  createAudit,
  createRangeAudit,
  joinRanges,
  proofOfRanges,
} from "../src/index.ts";
import { type Cut, cutsOf } from "./cuts.ts";
import { seededChance } from "./histories/chance.ts";
import { historyOf } from "./histories/history.ts";
import { runHistory } from "./histories/run-history.ts";
import { liesOf } from "./lies/members.ts";
import { linesOf } from "./money-workload.ts";

// Goal: an audit in ranges, each of which may run in a thread of its own, establishes what one audit of the whole log does: the
// same report of what is intact, and none of anything else.
// Method: honest histories with changes of policy, learning, money and calls, cut at some of their state entries; the same with lies
// planted and chained anew, bits flipped, lines dropped, doubled and exchanged, segments exchanged, and snapshots altered.

const chain = plainChain(nodeSha256);
const options = { sha256: nodeSha256, chain: nodeChain(), kernelFor: wasmKernel };
const place = (index: number) => ({ file: "journal", byteOffset: index });
const bytesOf = (line: string): Uint8Array => Buffer.from(line.trimEnd());

interface Audited {
  readonly report: AuditReport;
  readonly proof: unknown;
}

function whole(lines: readonly Uint8Array[]): Audited {
  const audit = createAudit(options);
  for (const [index, line] of lines.entries()) audit.line(line, place(index));
  return { report: audit.finish(), proof: audit.prove() };
}

/** `undefined` unless all is well in every range. */
function inRanges(lines: readonly Uint8Array[], cuts: readonly Cut[]): Audited | undefined {
  const starts = [{ at: 0, snapshot: undefined }, ...cuts];
  const audits = starts.map(({ at, snapshot }, index) => {
    const audit = createRangeAudit({ ...options, snapshot });
    for (const [offset, line] of lines.slice(at, starts[index + 1]?.at).entries()) audit.line(line, place(at + offset));
    return audit;
  });
  const found = audits.map((audit, index) => audit.finish(index === audits.length - 1));
  if (found.includes(undefined)) return undefined;
  // As they are sent from one thread to another.
  const ranges = structuredClone(found) as readonly AuditedRange[];
  const compared = awaitedOf(ranges).map(
    ({ range, awaited, more }) => audits[range]?.compareAwaited(awaited, more) ?? { isGood: false, unbound: 0 },
  );
  const report = joinRanges({ ranges, compared, hasForgotten: false }, options);
  return report && { report, proof: proofOfRanges(ranges) };
}

function some(cuts: readonly Cut[], chance: (limit: number) => number): readonly Cut[] {
  const most = 1 + chance(3);
  return cuts.filter(() => chance(cuts.length) < most);
}

const journals = new Map<number, Promise<{ readonly lines: readonly string[]; readonly cuts: readonly Cut[] }>>();
function journalOf(seed: number) {
  const known = journals.get(seed) ?? made(seed);
  journals.set(seed, known);
  return known;
}
async function made(seed: number) {
  const lines = linesOf((await runHistory(historyOf(seed))).disk);
  return { lines, cuts: cutsOf(lines) };
}

test("honest histories are intact in ranges as they are as a whole, with the same report and the same proof", async () => {
  let [awaited, ranges] = [0, 0];
  for (const seed of someOf([5, 1, 2], 3)) {
    const { lines, cuts } = await journalOf(seed);
    const bytes = lines.map(bytesOf);
    const expected = whole(bytes);
    expect(expected.report.findings).toEqual([]);
    const chance = seededChance(seed);
    for (const chosen of [cuts, ...cuts.map((cut) => [cut]), some(cuts, chance)]) {
      expect(inRanges(bytes, chosen), `seed ${seed}, cut at ${chosen.map(({ at }) => at)}`).toEqual(expected);
      ranges += chosen.length;
    }
    for (const { at } of cuts) awaited += lines.slice(at).filter((line) => line.includes('"kind":"outcome"')).length;
  }
  expect(ranges).toBeGreaterThan(caseCount(10));
  expect(awaited).toBeGreaterThan(caseCount(10));
});

test("whatever an audit of the whole finds in a journal that was altered, the ranges do not call intact", async () => {
  const { lines, cuts } = await journalOf(5);
  const chance = seededChance(11);
  const datas = lines.map((line) => parseEntryLine(line)?.data ?? "");
  let [intact, other] = [0, 0];
  const tried = (altered: readonly Uint8Array[], what: string): void => {
    const expected = whole(altered);
    const isIntact = expected.report.status === "intact";
    for (const chosen of [[cuts[chance(cuts.length)] as Cut], some(cuts, chance)]) {
      const found = inRanges(altered, chosen);
      // A lie that makes another honest journal has other snapshots than these.
      if (found !== undefined || !isIntact)
        expect({ what, found }).toEqual({ what, found: isIntact ? expected : undefined });
    }
    if (isIntact) intact += 1;
    else other += 1;
  };
  const rechained = (at: number, data: string): readonly Uint8Array[] => {
    const anew = new ChainAnew(chain);
    return datas.map((each, index) => bytesOf(anew.line(index === at ? data : each, index === at)));
  };
  // Grants, limits, actors, tables, amounts and outcomes: any member of any entry.
  for (let turn = 0; turn < 14; turn++) {
    const at = chance(lines.length);
    const lies = liesOf(datas[at] as string);
    const lie = lies[chance(lies.length)];
    if (lie !== undefined) tried(rechained(at, lie.data), `entry ${at + 1}: ${lie.member} ${lie.what}`);
  }
  const bytes = lines.map(bytesOf);
  for (let turn = 0; turn < 8; turn++) {
    const at = chance(bytes.length);
    const line = new Uint8Array(bytes[at] as Uint8Array);
    const bit = chance(line.byteLength * 8);
    line[bit >> 3] = (line[bit >> 3] as number) ^ (1 << (bit & 7));
    tried(bytes.with(at, line), `entry ${at + 1}: bit ${bit}`);
  }
  const [one, two] = [(cuts[1] as Cut).at, (cuts[2] as Cut).at];
  for (let turn = 0; turn < 3; turn++) {
    const [at, to] = [turn === 0 ? one : chance(lines.length), chance(lines.length)];
    tried(bytes.toSpliced(at, 1), `entry ${at + 1} dropped`);
    tried(bytes.toSpliced(at, 0, bytes[at] as Uint8Array), `entry ${at + 1} twice`);
    tried(bytes.with(at, bytes[to] as Uint8Array), `entry ${to + 1} as entry ${at + 1}`);
    tried(bytes.slice(0, at + 1), `cut after entry ${at + 1}`);
  }
  tried([...bytes.slice(0, one), ...bytes.slice(two), ...bytes.slice(one, two)], "segments exchanged");
  tried([...bytes.slice(0, two), ...bytes.slice(one)], "a segment twice");
  const last = cuts.at(-1) as Cut;
  const unchained = [...bytes.slice(0, last.at), ...chainedTo("f".repeat(64), datas, last.at)];
  expect(whole(unchained).report.findings[0]?.problem).toBe("previous_hash");
  expect(inRanges(unchained, [last])).toBeUndefined();
  expect(other).toBeGreaterThan(15);
  expect(intact).toBeGreaterThan(0);
});

/** The entries from an index on, chained to a hash that no entry before them has. */
function chainedTo(hash: string, datas: readonly string[], from: number): readonly Uint8Array[] {
  let previous = hash;
  return datas.slice(from).map((data, index) => {
    const own = chain(previous, Buffer.from(data));
    const line = entryLine(from + index + 1, previous, own, data);
    previous = own;
    return bytesOf(line);
  });
}

test("a snapshot that says anything else than the entries before it is no start, even where the journal binds it", async () => {
  const alike = new Set<string>();
  let refused = 0;
  for (const seed of [2, 5]) {
    const { cuts } = await journalOf(seed);
    const { snapshot } = cuts.at(-1) as Cut;
    const genuine = carriedBehind(snapshot);
    expect(genuine).toBeDefined();
    expect(carriedBehind(boundAnew(snapshot))).toBe(genuine);
    const chance = seededChance(seed);
    for (const [index, line] of snapshot.slice(0, -1).entries())
      for (const { member, text } of othersThan(line, chance))
        if (chance(4 * stride(3)) > 0) continue;
        else if (carriedBehind(boundAnew(snapshot.with(index, text))) === genuine) alike.add(member);
        else refused += 1;
  }
  expect(refused).toBeGreaterThan(caseCount(100, 30));
  expect([...alike].filter((member) => !WITHOUT_EFFECT.test(member)).sort()).toEqual([]);
});

test("reservations in a snapshot that say anything else are no start, whichever byte of theirs it is", async () => {
  const { snapshot } = (await journalOf(1)).cuts.at(-1) as Cut;
  const genuine = carriedBehind(snapshot);
  expect(genuine).toBeDefined();
  let tried = 0;
  for (const [index, line] of snapshot.entries()) {
    const [, part = "", bytes = ""] = /^\{"part":"(open|held|closed)","page":0,"bytes":"([^"]+)"/.exec(line) ?? [];
    const from = line.indexOf(bytes);
    // Open reservations are many, and alike.
    for (let at = 0; at < bytes.length; at += part === "open" ? 29 * stride(3) : stride(3)) {
      const other = `${line.slice(0, from + at)}${bytes[at] === "B" ? "C" : "B"}${line.slice(from + at + 1)}`;
      expect({ part, at, isAlike: carriedBehind(boundAnew(snapshot.with(index, other))) === genuine }).toEqual({
        part,
        at,
        isAlike: false,
      });
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(caseCount(200, 60));
});

test("a range behind an altered snapshot, or with outcomes that do not fit the range before, is no part of an intact journal", async () => {
  let [snapshots, refused] = [0, 0];
  for (const seed of [1, 5]) {
    const { lines, cuts } = await journalOf(seed);
    const cut = cuts.at(-1) as Cut;
    const bytes = lines.map(bytesOf);
    const datas = lines.map((line) => parseEntryLine(line)?.data ?? "");
    const chance = seededChance(seed);
    const genuine = carriedBehind(cut.snapshot);
    for (const [index, line] of cut.snapshot.slice(0, -1).entries())
      for (const { member, text } of othersThan(line, chance)) {
        if (WITHOUT_EFFECT.test(member) || chance(5 * stride(5)) > 0) continue;
        const snapshot = boundAnew(cut.snapshot.with(index, text));
        if ([undefined, genuine].includes(carriedBehind(snapshot))) continue;
        expect({ member, found: inRanges(bytes, [{ ...cut, snapshot }]) }).toEqual({ member, found: undefined });
        snapshots += 1;
      }
    for (const lie of liesOfRange(datas, cut.at)) {
      const anew = new ChainAnew(chain);
      const altered = datas.map((data, at) => bytesOf(anew.line(at === lie.at ? lie.data : data)));
      expect({ ...lie, status: whole(altered).report.status }).toEqual({ ...lie, status: "broken" });
      expect({ ...lie, found: inRanges(altered, [cut]) }).toEqual({ ...lie, found: undefined });
      refused += 1;
    }
  }
  expect(snapshots).toBeGreaterThan(caseCount(20));
  expect(refused).toBeGreaterThan(2);
});

test("the recommendations that were lifted are carried, each at its place", async () => {
  const { snapshot } = (await journalOf(5)).cuts.at(-1) as Cut;
  const index = snapshot.findIndex((line) => line.includes('"lifted":{'));
  const line = snapshot[index] as string;
  const window = /"window":"([01]{1000})"/.exec(line)?.[1] ?? "";
  for (const at of [0, 1, 500, 999]) {
    const other = `${window.slice(0, at)}${window[at] === "0" ? "1" : "0"}${window.slice(at + 1)}`;
    expect(carriedBehind(boundAnew(snapshot.with(index, line.replace(window, other))))).not.toBe(
      carriedBehind(snapshot),
    );
  }
});

/** Lies in a range that only what the range before holds can refute. */
function* liesOfRange(datas: readonly string[], from: number): Generator<{ at: number; data: string }> {
  const first = datas[from] as string;
  yield { at: from, data: first.replace(/"durable":[0-9]+/, '"durable":1') };
  const outcomes = [...datas.entries()].filter(
    ([at, data]) => at >= from && data.includes('"kind":"outcome"') && Number(/"of":([0-9]+)/.exec(data)?.[1]) <= from,
  );
  const other = datas.findIndex((data) => data.includes('"kind":"grant"') || data.includes('"kind":"seal"')) + 1;
  for (const [at, data] of outcomes.slice(0, 3)) yield { at, data: data.replace(/"of":[0-9]+/, `"of":${other}`) };
  const [one, two] = outcomes;
  if (one === undefined || two === undefined) return;
  const [head = "", body = ""] = [/^.*?"kind":/.exec(two[1])?.[0], one[1].slice(one[1].indexOf('"kind":') + 7)];
  yield { at: two[0], data: head + body };
}

/** Members of a snapshot that no check of a later entry depends on, or that follow from others. */
const WITHOUT_EFFECT = new RegExp(
  [
    "^(?:requests|outcomes|reported|shadow|checkpoint)\\b",
    "^head\\.sealed$",
    "^policy\\.(?:actor|isFromFile)$",
    "^learning\\.router\\.(?:lifted\\.(?:at|window)|floors\\[\\]\\.tierMin\\[\\]|(?:beliefs|offsets)\\.changes\\[\\])$",
    "^learning\\.router\\.tables\\[\\]\\.(?:changes|key|method)$",
  ].join("|"),
);

/** `undefined` for a snapshot that is refused. */
function carriedBehind(snapshot: readonly string[]): string | undefined {
  const log = new LogAudit({ ...options, snapshot }, true);
  return log.isClean ? log.content.carried() : undefined;
}

/** The same lines with the end that they have to have. */
function boundAnew(snapshot: readonly string[]): readonly string[] {
  const lines = snapshot.slice(0, -1);
  const bound = new StateSnapshotDigest(nodeSha256);
  const late: Uint8Array[] = [];
  for (const line of lines)
    if (/^\{"part":"(?:identities|tree)"/.test(line)) late.push(nodeSha256(Buffer.from(line)));
    else bound.add(nodeSha256(Buffer.from(line)));
  const { sequence } = parseExact(lines[0] ?? "") as { readonly sequence: number };
  const hash = chain(bound.finish(sequence), Buffer.concat(late));
  return [...lines, `{"part":"end","hash":"${hash}"}`];
}

/** The line with one number or one piece of text in it altered; of long lists, of some. */
function* othersThan(line: string, chance: (limit: number) => number): Generator<{ member: string; text: string }> {
  const json = parseExact(line) as { readonly [key: string]: ExactJson };
  const part = typeof json["part"] === "string" ? json["part"] : "head";
  function* within(value: ExactJson, way: string): Generator<readonly [way: string, value: ExactJson]> {
    if (typeof value === "number" || typeof value === "bigint") yield [way, BigInt(value) + 1n];
    else if (typeof value === "boolean") yield [way, !value];
    else if (typeof value === "string" && value !== "") {
      const at = chance(value.length);
      const other = `${value.slice(0, at)}${value[at] === "B" ? "C" : "B"}${value.slice(at + 1)}`;
      if (other.isWellFormed()) yield [way, other];
    } else if (Array.isArray(value)) {
      const some = value.length > 16 ? new Set([0, 1, 2, 3].map(() => chance(value.length))) : undefined;
      for (const [at, each] of value.entries()) {
        if (some !== undefined && !some.has(at)) continue;
        const name = value.length <= 8 && typeof each !== "object" ? `${way}[${at}]` : `${way}[]`;
        for (const [deeper, other] of within(each, name)) yield [deeper, value.with(at, other)];
      }
    } else if (typeof value === "object" && value !== null) {
      const members = value as { readonly [key: string]: ExactJson };
      for (const [key, each] of Object.entries(members))
        for (const [deeper, other] of within(each, `${way}.${key}`)) yield [deeper, { ...members, [key]: other }];
    }
  }
  for (const [member, other] of within(json, part))
    if (!/\.(?:part|page)$/.test(member)) yield { member, text: writeExact(other) };
}
