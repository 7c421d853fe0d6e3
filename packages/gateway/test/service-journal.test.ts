import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAudit } from "@calybris/audit";
import { nodeSha256, parseBudgets } from "@calybris/engine";
import { nodeChain } from "@calybris/engine/internal";
import { wasmKernel } from "@calybris/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CalybrisClient } from "../../client/src/index.ts";
import { codeOf, type Running, startService } from "./support/running-service.ts";

const ASKED = { requested: "large", inputTokens: 1_000, outputTokens: 100 };

let running: Running;
let auditor: CalybrisClient;

beforeAll(async () => {
  running = await startService({ onDisk: true });
  auditor = running.client({ key: running.keys.audit });
});
afterAll(() => running.end());

describe("the journal", () => {
  test("is streamed byte for byte, and what is streamed verifies", async () => {
    const lines = await Array.fromAsync(auditor.journalEntries());
    const audit = createAudit({ sha256: nodeSha256, chain: nodeChain(), kernelFor: wasmKernel });
    let byteOffset = 0;
    for (const line of lines) {
      audit.line(Buffer.from(line), { file: "streamed", byteOffset });
      byteOffset += Buffer.byteLength(line) + 1;
    }
    expect(audit.finish()).toMatchObject({ findingCount: 0, entries: lines.length });
    const part = await Array.fromAsync(auditor.journalEntries({ from: 3, to: 5 }));
    expect(part).toEqual(lines.slice(2, 5));
    expect(await Array.fromAsync(auditor.journalEntries({ from: 1_000_000 }))).toEqual([]);
  });

  test.each(["from=0", "from=-1", "from=1.5", "to=x", "from=1&from=2", "form=1", "from=9007199254740993"])(
    "%s is no range",
    async (query) => {
      const response = await fetch(`${running.url}/v1/journal/entries?${query}`, {
        headers: { authorization: `Bearer ${running.keys.audit}` },
      });
      expect([response.status, codeOf(await response.json())]).toEqual([400, "CAL_GATEWAY_REQUEST_INVALID"]);
    },
  );
});

describe("a restart", () => {
  test("finds every answer again, and a repeated id its decision", async () => {
    const directory = mkdtempSync(join(tmpdir(), "calybris-restart-"));
    try {
      const first = await startService({ directory });
      const decision = await first.client({ key: first.keys.decide }).decide({ ...ASKED, requestId: "kept" });
      await first.service.engine.ledger.apply(parseBudgets({ tenants: { default: {} } }));
      await first.service.stop();
      const second = await startService({ directory });
      expect(second.service.report).toMatchObject({ setAside: undefined, policy: { id: 1 } });
      const again = await second.client({ key: second.keys.decide }).decide({ ...ASKED, requestId: "kept" });
      expect(again).toEqual({ ...decision, repeated: true, budget: { remainingMicrocents: "0" } });
      await second.service.stop();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
