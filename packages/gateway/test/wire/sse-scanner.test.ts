import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { SseScanner } from "../../src/wire/sse-scanner.ts";
import { cutAnywhere } from "./random-wire.ts";
import { blocksOf, decodedByAnthropic, decodedByOpenai, joined, messagesOf } from "./sdk-decoders.ts";

describe("a scanned stream", () => {
  const lineEnd = fc.constantFrom("\n", "\r", "\r\n");
  const line = fc.oneof(
    fc.constantFrom(
      "",
      "",
      ": note",
      ":",
      "data",
      "data:",
      "data:  two",
      "event: ping",
      "event:x",
      "id: 1",
      "retry: 5",
      "other: y",
      "data: [DONE]",
    ),
    fc.string({ unit: "grapheme", maxLength: 5 }).map((text) => `data: ${text.replaceAll(/[\r\n\ufeff]/g, "")}`),
  );
  const stream = fc
    .array(fc.tuple(line, lineEnd), { maxLength: 24 })
    .map((lines) => Buffer.from(lines.flat().join("")));

  test("has the same bytes and the same messages as both official SDKs decode, at any cut and with any line ends", async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.infiniteStream(fc.nat(9)), async (bytes, cuts) => {
        const pieces = cutAnywhere(bytes, cuts);
        const blocks = blocksOf(pieces);
        expect(joined(blocks).equals(bytes)).toBe(true);
        const messages = messagesOf(blocks);
        expect(messages).toEqual(await decodedByOpenai(pieces));
        // Anthropic's gives nothing for a last event without its blank line.
        const terminated = messagesOf(blocksOf([...pieces, Buffer.from("\u0000")]).slice(0, -1));
        expect(terminated).toEqual(await decodedByAnthropic(pieces));
      }),
      { numRuns: caseCount(1_000) },
    );
  });

  test("gives an event as soon as its blank line ends, whatever may follow a CR", () => {
    for (const end of ["\n\n", "\r\r", "\r\n\r", "\n\r", "\r\n\n"]) {
      const scanner = new SseScanner();
      expect(scanner.push(Buffer.from(`data: a${end}`)).map(({ data }) => data)).toEqual(["a"]);
    }
  });

  test("says when a block begins with the LF that the block before lacks", () => {
    const scanner = new SseScanner();
    scanner.push(Buffer.from("data: a\r\n\r"));
    const [next] = scanner.push(Buffer.from("\ndata: b\r\n\r\n"));
    expect([next?.leadBytes, next?.data, next?.bytes.toString()]).toEqual([1, "b", "\ndata: b\r\n\r\n"]);
  });

  test("joins data lines, drops one space, and takes a byte order mark at its beginning for nothing", () => {
    expect(messagesOf(blocksOf([Buffer.from('\ufeffdata: {"a":\ndata:1}\n\n')]))).toEqual([
      { event: "", data: '{"a":\n1}' },
    ]);
  });

  test("of one endless line is refused by code, and holds no more than the bound", () => {
    const scanner = new SseScanner(1_000);
    scanner.push(Buffer.from(`data: ${"x".repeat(900)}`));
    expect(() => scanner.push(Buffer.from("y".repeat(200)))).toThrow("an event exceeds 1000 bytes");
    expect(() => new SseScanner(100).push(Buffer.from(`data: ${"x".repeat(200)}\n\n`))).toThrow(
      expect.objectContaining({ code: "CAL_GATEWAY_STREAM_BROKEN" }),
    );
  });

  test("does not change what it gave when its pieces are written over", () => {
    const scanner = new SseScanner();
    const piece = Buffer.from("data: secret");
    scanner.push(piece);
    piece.fill(0);
    expect(scanner.push(Buffer.from("\n\n"))[0]?.data).toBe("secret");
  });
});
