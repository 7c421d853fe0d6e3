import { expect, test } from "vitest";
import { CAN_COUNT, requireNothingLeft } from "./open-leaks.ts";

// Goal: an engine that cannot be opened, or is closed after whatever failure, leaves nothing behind in the process.
// Method: every way to fail, twice, in a process of its own; open files, handles, timers, ports and threads are counted
// before and after, and the second attempt must not find the lock taken.

// Counting needs /proc and prlimit.
test.runIf(CAN_COUNT)("an engine that fails to open, or to close, leaves no file, handle, thread or lock", async () => {
  expect(await requireNothingLeft()).toBeGreaterThan(20);
});
