import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallDeadlines, type Deadline } from "../../src/providers/call-deadlines.ts";

const TIMEOUTS = { connectMs: 1, headMs: 100, firstTokenMs: 200, idleMs: 50, totalMs: 10_000 };

describe("the deadlines of a call", () => {
  let expired: Deadline[];
  let deadlines: CallDeadlines;

  beforeEach(() => {
    vi.useFakeTimers();
    expired = [];
    deadlines = new CallDeadlines(TIMEOUTS, (deadline) => expired.push(deadline));
  });
  afterEach(() => {
    deadlines.stop();
    vi.useRealTimers();
  });

  const after = (milliseconds: number): readonly Deadline[] => {
    vi.advanceTimersByTime(milliseconds);
    return expired;
  };

  test("hold each phase to its own time, and expire once", () => {
    expect(after(99)).toEqual([]);
    deadlines.enter("firstToken");
    expect(after(199)).toEqual([]);
    deadlines.enter("idle");
    expect(after(49)).toEqual([]);
    expect(after(1)).toEqual(["idle"]);
    expect(after(100_000)).toEqual(["idle"]);
  });

  test("do not count the time that a client takes to read as the provider's", () => {
    deadlines.enter("idle");
    deadlines.pause();
    expect(after(5_000)).toEqual([]);
    deadlines.resume();
    expect(after(49)).toEqual([]);
    expect(after(1)).toEqual(["idle"]);
  });

  test("an event that comes while the client reads starts no idle time", () => {
    deadlines.enter("idle");
    deadlines.pause();
    deadlines.enter("idle");
    expect(after(5_000)).toEqual([]);
  });

  test("comments before the first token give no more time, read or not", () => {
    deadlines.enter("firstToken");
    after(150);
    deadlines.pause();
    deadlines.resume();
    expect(after(50)).toEqual(["firstToken"]);
  });

  test("the whole call has a time of its own, whatever goes on", () => {
    deadlines.enter("idle");
    deadlines.pause();
    expect(after(9_999)).toEqual([]);
    expect(after(1)).toEqual(["total"]);
  });

  test("nothing expires once they are stopped", () => {
    deadlines.stop();
    deadlines.enter("idle");
    expect(after(100_000)).toEqual([]);
  });
});
