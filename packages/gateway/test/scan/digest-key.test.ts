import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DIGEST_KEY_FILE, loadDigestKey } from "../../src/scan/digest-key.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "calybris-digest-key-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("the key of digests", () => {
  test("is made once, for its owner only, and read from then on", async () => {
    const made = await loadDigestKey(directory);
    expect(made.byteLength).toBe(32);
    expect(await loadDigestKey(directory)).toEqual(made);
    expect(await readdir(directory)).toEqual([DIGEST_KEY_FILE]);
    expect((await stat(join(directory, DIGEST_KEY_FILE))).mode & 0o777).toBe(0o600);
  });

  test("is one, however many make it at once", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadDigestKey(directory)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
    expect(await readdir(directory)).toEqual([DIGEST_KEY_FILE]);
  });

  test("of another length is refused, with the file", async () => {
    await writeFile(join(directory, DIGEST_KEY_FILE), "short");
    await expect(loadDigestKey(directory)).rejects.toMatchObject({
      code: "CAL_CONFIG_INVALID",
      details: { mistakes: [{ path: join(directory, DIGEST_KEY_FILE), problem: "has 5 bytes" }] },
    });
  });

  test("cannot be made in a folder that is not there", async () => {
    await expect(loadDigestKey(join(directory, "none"))).rejects.toMatchObject({ code: "CAL_CONFIG_INVALID" });
  });
});
