import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { OPTIONS, variableOf } from "../../packages/gateway/src/config/options.ts";
import { ROOT, read } from "../sources.ts";

const UNIT = "deploy/systemd/calybris.service";
const isInstalled = spawnSync("systemd-analyze", ["--version"]).error === undefined;
/** In tenths, of `systemd-analyze security`: 10.0 is a service that may do everything. */
const EXPOSURE_MAX = 20;

test("the unit sets options that there are, and starts, checks and reloads the service", () => {
  const unit = read(UNIT);
  const known = ["CALYBRIS_CONFIG", ...OPTIONS.map(variableOf)];
  const names = [...unit.matchAll(/^Environment=(CALYBRIS_\w+)=/gm)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(1);
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
  expect(unit).toMatch(/^ExecStart=.* calybris serve$/m);
  expect(unit).toMatch(/^ExecStartPost=.* calybris health --wait \d+$/m);
  expect(unit).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
});

// Skipped where systemd is not installed: nothing else reads its units.
test.skipIf(!isInstalled)("systemd accepts the unit", () => {
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ROOT + UNIT], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

// Skipped where systemd is not installed: nothing else rates its units.
test.skipIf(!isInstalled)("the unit takes away what the service does not need", () => {
  const words = ["security", "--offline=true", `--threshold=${EXPOSURE_MAX}`, ROOT + UNIT];
  const { status, stdout } = spawnSync("systemd-analyze", words, { encoding: "utf8" });
  expect(status, stdout.trimEnd().split("\n").at(-1)).toBe(0);
});
