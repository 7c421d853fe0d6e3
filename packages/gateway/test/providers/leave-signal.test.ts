import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientLeave, type LeaveSignal, sleepUnlessLeft } from "../../src/providers/leave-signal.ts";

/** The same commands to both: what listeners hear, and in which order. */
test("a client's departure is heard as that of an AbortSignal is", () => {
  const command = fc.record({ does: fc.constantFrom("add", "remove", "abort"), who: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
      const controller = new AbortController();
      const leave = new ClientLeave();
      const runs = [
        { signal: controller.signal as LeaveSignal, abort: () => controller.abort() },
        { signal: leave as LeaveSignal, abort: () => leave.abort() },
      ].map(({ signal, abort }) => {
        const heard: number[] = [];
        const listeners = [0, 1, 2, 3].map((who) => () => void heard.push(who));
        for (const { does, who } of commands) {
          const listener = listeners[who] as () => void;
          if (does === "add") signal.addEventListener("abort", listener, { once: true });
          else if (does === "remove") signal.removeEventListener("abort", listener);
          else abort();
        }
        return { heard, aborted: signal.aborted };
      });
      expect(runs[1]).toEqual(runs[0]);
    }),
  );
});

test("a sleep ends when its time is over, or at once when the client leaves or has left", async () => {
  expect(await sleepUnlessLeft(1, new ClientLeave())).toBe(false);
  const leave = new ClientLeave();
  const sleeping = sleepUnlessLeft(60_000, leave);
  leave.abort();
  expect(await sleeping).toBe(true);
  expect(await sleepUnlessLeft(60_000, leave)).toBe(true);
});
