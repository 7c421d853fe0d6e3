import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { verifyLog } from "../src/verify/verify.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

test("the demo routes what npm installed, explains, proves, and catches the flipped byte", async () => {
  // An empty directory of data sets: the recorded traffic is skipped and says so.
  const env = { ...process.env, NO_COLOR: "1", CALYBRIS_DATA: mkdtempSync(join(tmpdir(), "calybris-no-data-")) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "examples/demo/demo.ts")], {
    encoding: "utf8",
    cwd: root,
    env,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(Number(/^([0-9,]+) decisions in/m.exec(stdout)?.[1]?.replace(",", ""))).toBeGreaterThan(20);
  const [, lead = ""] = /^Money saved, at a stated quality\n(Saved .*)$/m.exec(stdout) ?? [];
  expect(lead).toMatch(/^Saved \$[0-9.]+ of \$[0-9.]+ \([1-9][0-9.]* %\) on [0-9]+ summaries/);
  for (const words of ["quality not measured", "Most saved", "selected", "Skipped: ", "cheapest eligible"])
    expect(stdout).toContain(words);
  expect(stdout).toContain(".demo/journal is intact");
  const flipped = /byte ([0-9]+) of (segment-[0-9]+\.jsonl)/.exec(stdout);
  const caught = /broken at entry ([0-9]+), file \.demo\/altered\/(segment-[0-9]+\.jsonl), line at byte ([0-9]+)/.exec(
    stdout,
  );
  expect(caught?.[2]).toBe(flipped?.[2]);
  const distance = Number(flipped?.[1]) - Number(caught?.[3]);
  expect(distance).toBeGreaterThan(0);
  expect(distance).toBeLessThan(1_000);
  expect(await verifyLog(join(root, ".demo/journal"))).toMatchObject({ status: "intact", findings: [] });
  const next = [...stdout.matchAll(/^ {2}npx calybris ((?:verify|show|tail) .*)$/gm)].map(([, words = ""]) => words);
  expect(next).toHaveLength(3);
  for (const words of next) {
    const command = spawnSync(process.execPath, [join(root, "packages/cli/bin/calybris.cjs"), ...words.split(" ")], {
      cwd: root,
      env,
    });
    expect(`${words}: ${command.status} ${command.stderr}`).toBe(`${words}: 0 `);
  }
  const { findings } = await verifyLog(join(root, ".demo/altered"));
  expect(findings[0]).toMatchObject({ sequence: Number(caught?.[1]), problem: "entry_hash" });
});
