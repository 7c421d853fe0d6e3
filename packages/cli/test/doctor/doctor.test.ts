import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Engine } from "@calybris/engine";
import { headPage } from "@calybris/engine/internal";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { examine } from "../../src/doctor/doctor.ts";
import type { Finding } from "../../src/doctor/finding.ts";

let place: string;
beforeEach(() => {
  // Not in memory, which doctor finds fault with.
  place = mkdtempSync(join(process.env["CALYBRIS_TESTS_DISK"] ?? tmpdir(), "calybris-doctor-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

async function findings(flags: { readonly [flag: string]: string } = {}): Promise<readonly Finding[]> {
  return examine({ file: undefined, flags: { journal: join(place, "journal"), port: "0", ...flags } });
}

async function finding(check: string, flags: { readonly [flag: string]: string } = {}): Promise<Finding | undefined> {
  return (await findings(flags)).find((found) => found.check === check);
}

test("where all is well nothing is bad, and nothing is left behind", async () => {
  const all = await findings();
  expect(all.filter(({ verdict }) => verdict === "bad")).toEqual([]);
  expect(all.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      "configuration",
      "disk space",
      "sync time",
      "clock",
      "port",
      "open files",
      "journal directory",
    ]),
  );
  expect(existsSync(join(place, "journal"))).toBe(false);
  expect(readdirSync(place)).toEqual([]);
});

test("what is not well is said with what to do", async () => {
  for (const { verdict, remedy } of await findings({ journal: "/proc/no-such-place" }))
    expect(verdict === "ok" || remedy !== "").toBe(true);
  expect(await finding("configuration", { "limits-depth-max": "900" })).toMatchObject({
    verdict: "bad",
    found: "--limits-depth-max is 900",
    remedy: expect.stringContaining("from 4 to 64"),
  });
});

test("a head that is torn, missing or blank is reported as such, with the remedy", async () => {
  const journal = join(place, "journal");
  mkdirSync(journal);
  writeFileSync(join(journal, "segment-000001.jsonl"), "\n");
  const missing = { verdict: "bad", remedy: expect.stringContaining("--accept-loss") };
  expect(await finding("journal")).toMatchObject({ ...missing, found: expect.stringContaining("no such file") });
  const page = Buffer.from(headPage({ sequence: 7, hash: "0".repeat(64), keyed: false }));
  writeFileSync(join(journal, "head.json"), page);
  expect(await finding("journal")).toMatchObject({
    ...missing,
    found: expect.stringContaining("no entry can be read"),
  });
  writeFileSync(join(journal, "head.json"), Buffer.from(page).fill(" ", 240));
  expect(await finding("journal")).toMatchObject({ verdict: "warn", remedy: expect.stringContaining("anew") });
  writeFileSync(join(journal, "head.json"), "");
  expect(await finding("journal")).toMatchObject({ ...missing, found: expect.stringContaining("a blank file") });
});

test("a journal that ends before its head, or in another entry, is refused at a start, and is said to be", async () => {
  const journal = join(place, "journal");
  const engine = await Engine.open({ directory: journal, policy: sampleSnapshot() });
  for (let made = 0; made < 3; made += 1) await engine.decide({ inputTokens: 10 });
  const { sequence } = engine.reading.head;
  await engine.close();
  const { sequence: end } = engine.reading.head;
  expect(await finding("journal")).toMatchObject({ verdict: "ok", found: `1 segment, head ${end}` });
  const head = readFileSync(join(journal, "head.json"));
  const other = headPage({ sequence: end, hash: "0".repeat(64), keyed: false });
  writeFileSync(join(journal, "head.json"), Buffer.from(other));
  const lost = { verdict: "bad", remedy: expect.stringContaining("--accept-loss") };
  expect(await finding("journal")).toMatchObject({
    ...lost,
    found: `the last entry is ${end}, and head.json names another one of that sequence`,
  });
  writeFileSync(join(journal, "head.json"), head);
  const segment = join(journal, "segment-000001.jsonl");
  const lines = readFileSync(segment, "utf8").split("\n");
  writeFileSync(segment, `${lines.slice(0, sequence - 1).join("\n")}\n`);
  expect(await finding("journal")).toMatchObject({
    ...lost,
    found: `the last entry is ${sequence - 1}, and head.json names entry ${end}`,
  });
});

test("a link to an archive is said to be reachable, or where it leads instead", async () => {
  const journal = join(place, "journal");
  mkdirSync(journal);
  mkdirSync(join(place, "archive"));
  expect(await finding("archive")).toBe(undefined);
  writeFileSync(join(place, "archive", "segment-000001.jsonl.zst"), "");
  symlinkSync("../archive/segment-000001.jsonl.zst", join(journal, "segment-000001.jsonl"));
  expect(await finding("archive")).toMatchObject({ verdict: "ok", found: "1 segment, all reachable" });
  rmSync(join(place, "archive"), { recursive: true });
  expect(await finding("archive")).toMatchObject({
    verdict: "warn",
    found: expect.stringMatching(
      /segment-000001\.jsonl is a link to \.\.\/archive\/segment-000001\.jsonl\.zst, which cannot be reached$/,
    ),
    remedy: expect.stringContaining("available again"),
  });
});

test("a port that is taken is bad", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  expect(await finding("port", { port: String(port) })).toMatchObject({ verdict: "bad" });
  server.close();
});

// The superuser may write anywhere, and Windows has no such bits.
test.skipIf(process.platform === "win32")("files with loose permissions are reported", async () => {
  const key = join(place, "key");
  writeFileSync(key, "x".repeat(32));
  chmodSync(key, 0o644);
  expect(await finding("secret", { "journal-key-file": key })).toMatchObject({
    verdict: "bad",
    remedy: "chmod 600 fixes that.",
  });
  chmodSync(key, 0o600);
  expect(await finding("secret", { "journal-key-file": key })).toMatchObject({ verdict: "ok" });
  const open = join(place, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  expect(await finding("journal directory", { journal: open })).toMatchObject({ verdict: "warn" });
  expect(await finding("file", { policy: join(place, "no-policy") })).toMatchObject({ verdict: "bad" });
});

test("a clock far from the journal's last entry is reported: ahead it is refused at a start, a long pause is a warning", async () => {
  const dayUs = 86_400_000_000;
  for (const [days, verdict, remedy] of [
    [-6, "ok", undefined],
    [-8, "warn", expect.stringContaining("a long pause")],
    [1, "bad", expect.stringContaining("calybris journal repair-clock")],
  ] as const) {
    const directory = join(place, `journal${days}`);
    const nowUs = (): number => Date.now() * 1_000 + days * dayUs;
    const engine = await Engine.open({ directory, policy: sampleSnapshot(), nowUs });
    await engine.decide({ inputTokens: 1 });
    await engine.close();
    const found = await finding("clock", { journal: directory });
    expect(found, String(days)).toMatchObject({ verdict, ...(remedy === undefined ? {} : { remedy }) });
  }
});
