import { describe, expect, test } from "vitest";
import { flagOf, OPTIONS, type ServiceOption, variableOf } from "../../src/config/options.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { FORBIDDEN } from "../support/forbidden.ts";
import { startService } from "../support/running-service.ts";

describe("the configuration", () => {
  test("has no option that speaks of a limit of governance", () => {
    for (const { path, what } of OPTIONS)
      expect(`${path} ${what}`).not.toMatch(/risk|confidence|govern|override|\bmode\b|cost|value/i);
  });

  const NUMBERS = OPTIONS.filter(({ kind }) => kind.is === "whole" || kind.is === "one of");
  const LEFT_ALONE = new Set([
    "listen.port",
    "limits.headersMs",
    "limits.requestMs",
    "limits.headerBytesMax",
    "limits.idleMs",
  ]);

  test("loosens none at either end of any option, said as a flag or in the environment", async () => {
    for (const option of NUMBERS.filter(({ path }) => !LEFT_ALONE.has(path))) {
      for (const end of endsOf(option)) {
        const flag = { [flagOf(option)]: end };
        expect(
          await readConfig({ environment: { [variableOf(option)]: end }, flags: ROOM[option.path] ?? {} }),
        ).toEqual(await readConfig({ flags: { ...ROOM[option.path], ...flag } }));
        const own = await startService({ flags: { ...ROOM[option.path], ...flag } });
        try {
          const client = own.client({ key: own.keys.decide, attempts: 5 });
          for (const { what, request } of FORBIDDEN.slice(0, option.path === "limits.perSecond" ? 1 : undefined))
            expect(await client.decide(request), `${option.path} ${end}: ${what}`).toMatchObject({ action: "reject" });
        } finally {
          await own.end();
        }
      }
    }
  });

  test("cannot name one: a key or a variable of that name is not known, or changes nothing", async () => {
    for (const name of ["governance", "riskHardLimitBps", "confidenceMinBps", "observe", "mode"])
      await expect(readConfig({ flags: {}, file: undefined, environment: {} })).resolves.not.toHaveProperty(name);
    for (const name of ["CALYBRIS_RISK_HARD_LIMIT_BPS", "CALYBRIS_GOVERNANCE", "CALYBRIS_CONFIDENCE_MIN_BPS"])
      expect(await readConfig({ environment: { [name]: "10000" } })).toEqual(await readConfig({}));
  });
});

/** Options whose ends need another to be there. */
const ROOM: { readonly [path: string]: { readonly [flag: string]: string } } = {
  "journal.waitingMax": { "limits-batch-max": "1" },
  "limits.batchMax": { "journal-waiting-max": "10000" },
  "limits.bodiesBytesMax": { "limits-body-bytes-max": "1024" },
};

function endsOf({ kind }: ServiceOption): readonly string[] {
  if (kind.is === "whole") return [String(kind.min), String(kind.max)];
  return kind.is === "one of" ? kind.values : [];
}
