import { describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const MAP = { chosen: "arm", propensity: { a: "pa", b: "pb" }, reward: "reward" };
/** `a` earns on short rows, `b` on long ones, and both are tried equally often on each. */
const LOG = `arm,pa,pb,reward,length\n${"a,0.5,0.5,1,short\nb,0.5,0.5,0,short\na,0.5,0.5,0,long\nb,0.5,0.5,1,long\n".repeat(100)}`;
const BY_LENGTH = { column: "length", cases: { short: { a: 1 }, long: { b: 1 } } };

async function estimate(map: unknown, target: string) {
  const words = ["--log", files.write("log.csv", LOG), "--map", files.write("map.json", JSON.stringify(map))];
  const { exit, out, complaints } = await calybris("estimate", ...words, "--target", target, "--json");
  const report = (out === "" ? {} : JSON.parse(out)) as {
    readonly estimates?: readonly { readonly name: string; readonly value: number | null }[];
    readonly refusals?: readonly { readonly reason: string }[];
    readonly rows?: { readonly leftOut: readonly { readonly reason: string; readonly rows: number }[] };
  };
  return {
    exit,
    report,
    complaints: complaints.replaceAll("\\", ""),
    snips: report.estimates?.find(({ name }) => name === "snips")?.value,
  };
}

const policyFile = (policy: unknown): string => files.write("target.json", JSON.stringify(policy));

describe("a target policy", () => {
  test("by a column earns what each case's arm earns; so does the same policy in a file", async () => {
    expect((await estimate({ ...MAP, policy: BY_LENGTH }, "policy")).snips).toBeCloseTo(1, 9);
    expect((await estimate(MAP, policyFile(BY_LENGTH))).snips).toBeCloseTo(1, 9);
  });

  test("with the same shares for every row is a mixture of the arms", async () => {
    expect((await estimate(MAP, policyFile({ shares: { a: 0.25, b: 0.75 } }))).snips).toBeCloseTo(0.5, 9);
    expect((await estimate(MAP, policyFile({ shares: { b: 1 } }))).snips).toBeCloseTo(0.5, 9);
  });

  test("`otherwise` holds for every other text; without it such rows are left out, which is refused", async () => {
    const short = { column: "length", cases: { short: { a: 1 } } };
    expect((await estimate(MAP, policyFile({ ...short, otherwise: { b: 1 } }))).snips).toBeCloseTo(1, 9);
    const { exit, report } = await estimate(MAP, policyFile(short));
    expect(exit).toBe(1);
    expect(report.refusals?.[0]?.reason).toBe("rows_unusable");
    expect(report.rows?.leftOut[0]).toMatchObject({ reason: "length is not a case of the target policy", rows: 200 });
  });

  test.each<[string, unknown, string]>([
    ["shares that sum to less than 1", { shares: { a: 0.5 } }, "sum to 0.5"],
    ["a share above 1", { shares: { a: 2 } }, "shares.a"],
    ["an unknown arm", { shares: { z: 1 } }, '"z", which is not an arm'],
    ["a column without cases", { column: "length" }, "`column` with `cases`"],
    ["shares and a column", { shares: { a: 1 }, ...BY_LENGTH }, "neither `shares` alone"],
    ["an unknown column", { ...BY_LENGTH, column: "lenght" }, 'Did you mean "length"?'],
    ["a policy of the engine", { candidates: [] }, "calybris whatif"],
    ["an unknown member", { shares: { a: 1 }, share: 1 }, "share"],
  ])("%s is an error that names it, in a file and in the map", async (_what, policy, named) => {
    const inFile = await estimate(MAP, policyFile(policy));
    expect([inFile.exit, inFile.complaints]).toEqual([2, expect.stringContaining(named)]);
    const inMap = await estimate({ ...MAP, policy }, "policy");
    expect(inMap.exit).toBe(2);
  });

  test("`--target policy` needs one in the map, and an unknown target is named", async () => {
    expect((await estimate(MAP, "policy")).complaints).toContain("needs `policy`");
    expect((await estimate(MAP, "best")).complaints).toContain('"best"');
  });

  test("the map's target column is not read for another target", async () => {
    const map = { ...MAP, target: "length" };
    expect((await estimate(map, "uniform")).snips).toBeCloseTo(0.5, 9);
    expect((await estimate(map, "column")).report.refusals?.map(({ reason }) => reason)).toContain("no_rows");
  });
});
