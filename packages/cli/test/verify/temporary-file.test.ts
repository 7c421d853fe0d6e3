import { closeSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecisionEntry } from "@calybris/kernel";
import { afterEach, expect, test, vi } from "vitest";
import { RequestPrints } from "../../src/verify/request-prints.ts";
import { openTemporary, readTemporary, writeTemporary } from "../../src/verify/temporary-file.ts";

// Goal: a temporary file leaves no name behind, and one that fails is an error with a code, from the verifier's own use of it too.

afterEach(() => vi.unstubAllEnvs());

test("what was written is read back, and the file has no name", () => {
  const directory = mkdtempSync(join(tmpdir(), "calybris-test-"));
  vi.stubEnv("TMPDIR", directory);
  const descriptor = openTemporary();
  expect(readdirSync(directory)).toEqual([]);
  writeTemporary(descriptor, Uint8Array.of(1, 2, 3), 5);
  const bytes = new Uint8Array(2);
  readTemporary(descriptor, bytes, 6);
  expect([...bytes]).toEqual([2, 3]);
  const code = expect.objectContaining({ code: "CAL_TEMPORARY_FILE" });
  expect(() => readTemporary(descriptor, bytes, 7)).toThrow(code);
  closeSync(descriptor);
  expect(() => writeTemporary(descriptor, bytes, 0)).toThrow(code);
  rmSync(directory, { recursive: true });
});

test("request ids that cannot be put aside end the verification with a code that names the directory", () => {
  vi.stubEnv("TMPDIR", join(tmpdir(), "there is no such directory"));
  const prints = new RequestPrints(1);
  const take = (id: string): void =>
    prints.take({ requestId: id, defaulted: [], request: { sequence: 1n } } as unknown as DecisionEntry, 0);
  take("a");
  expect(() => take("a")).toThrow(
    expect.objectContaining({
      code: "CAL_TEMPORARY_FILE",
      details: expect.objectContaining({ directory: expect.stringContaining("no such directory") }),
    }),
  );
});
