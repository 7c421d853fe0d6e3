import { expect, test } from "vitest";
import { contradictionOfTear, plainChain, sha256, toUtf8 } from "../src/index.ts";

const chain = plainChain(sha256);
const head = (durable: string): string =>
  `{"sequence":7,"previous_hash":"${"a".repeat(64)}","entry_hash":"${"b".repeat(64)}","data":{"sequence":7,"durable":${durable}`;

test("a write that was torn amid the number it promises may be a torn tail, whatever follows the digits that are there", () => {
  for (const rest of ["", "1", "99", "1,", '7\u0000,"x"'])
    expect(contradictionOfTear(toUtf8(head(`6${rest}`)), true, { sequence: 6 }, chain)).toBeUndefined();
});

test("an entry that promises what is gone is no torn tail, however the line around it was altered", () => {
  const altered = `${head("61")},"at":5,"kind":"se`;
  expect(contradictionOfTear(toUtf8(altered), true, { sequence: 6 }, chain)).toBe(
    "an entry written when 61 was durable",
  );
});
