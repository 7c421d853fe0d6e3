import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFold } from "@calybris/audit";
import { Engine } from "@calybris/engine";
import { EngineState } from "@calybris/engine/internal";
import { parseEntryBody, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { logFiles, readLog } from "../../src/journal/log-lines.ts";
import { verifyLog } from "../../src/verify/verify.ts";
import { newFolder } from "../support/sample-files.ts";

const directory = join(newFolder(), "journal");

test("what the engine wrote over rotations and a restart is intact, and folds to the engine's own state", async () => {
  for (let run = 0; run < 2; run++) {
    const engine = await Engine.open({ directory, policy: sampleSnapshot(), segmentBytesMax: 16_384 });
    const asked = Array.from({ length: 60 }, (_, index) => ({ inputTokens: 1 + index * 997, requested: "better" }));
    await Promise.all(asked.map((request) => engine.decide(request)));
    await engine.close();
  }
  const report = await verifyLog(directory);
  expect(report).toMatchObject({ status: "intact", decisions: 120, findings: [], reasonsIncomplete: [] });
  expect(logFiles(directory).files.length).toBeGreaterThan(1);
  expect(readFileSync(join(directory, "head.json"), "utf8")).toContain(report.head?.hash);

  const fold = createFold();
  const state = new EngineState();
  for (const file of logFiles(directory).files) {
    for (const { bytes } of readLog(file)) {
      const data = parseEntryLine(Buffer.from(bytes).toString("utf8"))?.data ?? "";
      const head = parseEntryHead(data);
      const body =
        head &&
        parseEntryBody(head, data, () =>
          state.sequence === 0 ? sampleSnapshot() : state.policyAt(head.sequence).snapshot,
        );
      if (head === undefined || body === undefined) throw new Error(`no entry of ours: ${data}`);
      state.apply(head.sequence, head.at, body);
      expect(fold.apply(data)).toEqual({
        sequence: state.sequence,
        decisionSequence: state.decisionSequence,
        at: state.at,
        policyId: state.current.id,
        stagedId: 0,
        canaryBps: 0,
      });
    }
  }
});
