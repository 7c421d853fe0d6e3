import { describe, test } from "vitest";
import { CONTRACT } from "./contract.ts";
import { IMPLEMENTATIONS } from "./implementations.ts";

describe.each(IMPLEMENTATIONS)("the $name kernel", ({ kernelOf }) => {
  test.each(Object.entries(CONTRACT))("%s", (_claim, holds) => {
    holds((policy, request) => kernelOf(policy).prescribe(request));
  });
});
