import { describe, expect, test } from "vitest";
import { tokensByBytes } from "../../src/reserve/call-size.ts";
import { scanCall } from "../../src/scan/call-scan.ts";
import { usageOfAnswer } from "../../src/usage/usage-reader.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedFiles } from "../wire/recorded-wire.ts";

const FOLDERS: ReadonlyMap<string, WireDialect> = new Map<string, WireDialect>([
  ["chat-completions", "openai-chat"],
  ["responses", "openai-responses"],
  ["anthropic", "anthropic-messages"],
]);

interface Pair {
  readonly name: string;
  readonly dialect: WireDialect;
  readonly request: string;
  readonly answer: Json;
}

function pairs(): readonly Pair[] {
  const files = recordedFiles();
  return [...files].flatMap(([name, request]): readonly Pair[] => {
    const [, folder = "", prefix = ""] = /\/([^/]+)\/(followup-)?request\.json$/.exec(name) ?? [];
    const dialect = FOLDERS.get(folder);
    const answer = files.get(name.replace(/(followup-)?request\.json$/, `${prefix}response.json`));
    return dialect === undefined || answer === undefined
      ? []
      : [{ name, dialect, request, answer: JSON.parse(answer) as Json }];
  });
}

// Skipped where the recordings are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("recorded calls", () => {
  const recorded = hasRecordings ? pairs() : [];

  test("have no more tokens of input than their bytes bound, and those that bytes do not bound say why", () => {
    const beyond: string[] = [];
    let boundedCount = 0;
    for (const { name, dialect, request, answer } of recorded) {
      const usage = usageOfAnswer(dialect, answer);
      if (usage === undefined) continue;
      // Compact, as a client sends it.
      const { content } = scanCall(Buffer.from(JSON.stringify(JSON.parse(request))), dialect, new Uint8Array(32));
      const bound = tokensByBytes(content);
      if (bound === undefined) {
        expect(content.hidden.length, name).toBeGreaterThan(0);
        continue;
      }
      boundedCount += 1;
      if (usage.inputTokens > bound) beyond.push(`${name}: ${usage.inputTokens} of ${bound}`);
    }
    expect(beyond).toEqual([]);
    expect(boundedCount).toBeGreaterThan(100);
  });
});
