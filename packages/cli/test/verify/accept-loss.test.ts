import { createHmac } from "node:crypto";
import { mkfifoSync } from "../support/named-pipe.ts";
import { copyFileSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "@calybris/engine";
import { beforeEach, describe, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { verifyLog } from "../../src/verify/verify.ts";
import { Sandbox } from "../support/sample-files.ts";

// Goal: a journal that was cut, blanked or taken apart is never served in silence, and `verify` says the same of it.

const files = new Sandbox();
const SEGMENT = "segment-000001.jsonl";
let count = 0;
let journal: string;
const at = (name: string): string => join(journal, name);

beforeEach(async () => {
  journal = files.at(`journal-${count++}`);
  const engine = await Engine.open({ directory: journal, policy: sampleSnapshot() });
  for (let index = 0; index < 5; index++) await engine.decide({ inputTokens: 1 + index, requested: "better" });
  await engine.close();
});

/** The last entries removed, cleanly. */
function cut(entries: number): void {
  const lines = readFileSync(at(SEGMENT), "utf8").trimEnd().split("\n");
  writeFileSync(at(SEGMENT), `${lines.slice(0, -entries).join("\n")}\n`);
}

const refused = { code: "CAL_JOURNAL_CORRUPT" };

describe("a journal cut by three entries", () => {
  test.each<[string, () => void]>([
    ["with its head as it was", () => undefined],
    ["with its head removed", () => rmSync(at("head.json"))],
    ["with its head blanked", () => writeFileSync(at("head.json"), " ".repeat(256))],
    ["with its head emptied", () => writeFileSync(at("head.json"), "")],
  ])("%s: refused, broken; with the loss accepted, served and whole", async (_what, spoil) => {
    cut(3);
    spoil();
    await expect(Engine.open({ directory: journal })).rejects.toMatchObject(refused);
    expect((await verifyLog(journal)).status).toBe("broken");
    const engine = await Engine.open({ directory: journal, acceptLoss: true });
    expect(engine.recovery).toMatchObject({ entries: 4, loss: expect.stringMatching(/expected .*, found /) });
    await engine.close();
    expect((await verifyLog(journal)).status).toBe("intact");
    const again = await Engine.open({ directory: journal });
    expect(again.recovery).not.toHaveProperty("loss");
    await again.close();
  });
});

test("a last segment in CRLF is refused, and nothing of it is set aside", async () => {
  writeFileSync(at(SEGMENT), readFileSync(at(SEGMENT), "utf8").replaceAll("\n", "\r\n"));
  rmSync(at("head.json"));
  await expect(Engine.open({ directory: journal, acceptLoss: true })).rejects.toMatchObject(refused);
  expect((await verifyLog(journal)).status).toBe("broken");
});

test("a loss that leaves no entry is not accepted: the key or the file is another", async () => {
  writeFileSync(at(SEGMENT), "nothing\n");
  await expect(Engine.open({ directory: journal, acceptLoss: true })).rejects.toMatchObject(refused);
});

test("a missing segment number is broken for both, also where the chain goes on", async () => {
  renameSync(at(SEGMENT), at("segment-000002.jsonl"));
  await expect(Engine.open({ directory: journal })).rejects.toMatchObject(refused);
  expect(await verifyLog(journal)).toMatchObject({
    status: "broken",
    findings: [{ problem: "segment", file: at(SEGMENT), found: "no such file" }],
  });
});

test.each<[string, () => void]>([
  ["a pipe", () => mkfifoSync(at("segment-000002.jsonl"))],
  ["/dev/zero", () => symlinkSync("/dev/zero", at("segment-000002.jsonl"))],
])("%s among the segments is refused at once by both", async (_what, plant) => {
  plant();
  const unreadable = { code: "CAL_JOURNAL_UNREADABLE", message: expect.stringContaining("not a regular file") };
  await expect(Engine.open({ directory: journal })).rejects.toMatchObject(unreadable);
  await expect(verifyLog(journal)).rejects.toMatchObject(unreadable);
});

describe("the MAC of a keyed journal's head", () => {
  const keyFile = files.writeKey("mac-key", 9);
  const key = readFileSync(keyFile);
  let keyed: string;
  beforeEach(async () => {
    keyed = files.at(`keyed-${count++}`);
    const engine = await Engine.open({ directory: keyed, key, policy: sampleSnapshot() });
    for (let index = 0; index < 5; index++) await engine.decide({ inputTokens: 1 + index, requested: "better" });
    await engine.close();
  });

  test("is HMAC-SHA-256 over head.json, hexadecimal and a newline, and leaves only the end open", async () => {
    const expected = createHmac("sha256", key)
      .update(readFileSync(join(keyed, "head.json")))
      .digest("hex");
    expect(readFileSync(join(keyed, "head.mac"), "latin1")).toBe(`${expected}\n`);
    const { status, notEstablished } = await verifyLog(keyed, { keyFile });
    expect({ status, notEstablished }).toEqual({
      status: "intact",
      notEstablished: [expect.stringMatching(/^that no entry was removed from the end or replaced: no head kept/)],
    });
  });

  test("missing: listed as not established, and written anew by the next start", async () => {
    rmSync(join(keyed, "head.mac"));
    const { status, notEstablished } = await verifyLog(keyed, { keyFile });
    expect(status).toBe("intact");
    expect(notEstablished).toContainEqual(expect.stringMatching(/^that the journal's own head is genuine/));
    await (await Engine.open({ directory: keyed, key })).close();
    expect((await verifyLog(keyed, { keyFile })).notEstablished.length).toBe(1);
  });

  test("wrong, of a journal that was cut and a head that was written for it: broken and refused", async () => {
    const lines = readFileSync(join(keyed, SEGMENT), "utf8").trimEnd().split("\n");
    writeFileSync(join(keyed, SEGMENT), `${lines.slice(0, -3).join("\n")}\n`);
    const last = /"entry_hash":"([0-9a-f]+)"/.exec(lines.at(-4) ?? "")?.[1] ?? "";
    const head = { schema_version: "calybris.wal-anchor.v1", sequence: lines.length - 3, last_hash: last, keyed: true };
    writeFileSync(join(keyed, "head.json"), JSON.stringify(head));
    expect(await verifyLog(keyed, { keyFile })).toMatchObject({ status: "broken", findings: [{ problem: "head" }] });
    await expect(Engine.open({ directory: keyed, key })).rejects.toMatchObject(refused);
  });

  test("a head kept elsewhere establishes what it reaches; the journal's own, named again, nothing", async () => {
    const elsewhere = files.at(`anchor-${count++}`);
    copyFileSync(join(keyed, "head.json"), elsewhere);
    const open = async (head: string): Promise<readonly string[]> =>
      (await verifyLog(keyed, { keyFile, head })).notEstablished;
    expect(await open(elsewhere)).toEqual([]);
    expect((await open(join(keyed, "head.json"))).length).toBe(1);
    const engine = await Engine.open({ directory: keyed, key });
    await engine.decide({ inputTokens: 1, requested: "better" });
    await engine.close();
    expect(await open(elsewhere)).toEqual([
      expect.stringMatching(/^that no entry was removed after entry 7, or replaced/),
    ]);
  });
});
