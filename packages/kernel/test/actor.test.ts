import fc from "fast-check";
import { expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { ACTOR, isActor, ON_BEHALF_OF, systemActor } from "../src/index.ts";

test.each([1, Number.MAX_SAFE_INTEGER, "system:ana", "system:Ana Lima", `system:${"x".repeat(64)}`, "system:system:"])(
  "%j is an actor",
  (value) => {
    expect(isActor(value)).toBe(true);
    expect(ACTOR.read(value, "actor")).toBe(value);
  },
);

test.each([
  0,
  -1,
  1.5,
  Number.NaN,
  2 ** 53,
  7n,
  "7",
  "ana",
  "",
  "system:",
  "system: ",
  "System:ana",
  "system:a\nb",
  "system:\u202eana",
  `system:${"x".repeat(65)}`,
  null,
  undefined,
  {},
])("%o is no actor, and an entry that has it is refused by the member's name", (value) => {
  expect(isActor(value)).toBe(false);
  expect(() => ACTOR.read(value as never, "actor")).toThrow(/^actor is neither/);
});

test.each(["", " ", "a\nb", "x".repeat(129), 7, null])("%j is no claim of on whose behalf", (value) => {
  expect(() => ON_BEHALF_OF.read(value, "onBehalfOf")).toThrow(/^onBehalfOf/);
});

test("whatever the operating system calls a user, the actor is well formed", () => {
  const names = fc.oneof(fc.string({ unit: "binary", maxLength: 90 }), fc.string({ unit: "grapheme", maxLength: 90 }));
  fc.assert(
    fc.property(names, (name) => {
      expect(isActor(systemActor(name))).toBe(true);
    }),
    { numRuns: caseCount(2_000) },
  );
});
