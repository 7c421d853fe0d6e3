import { describe, expect, test } from "vitest";
import { someOf, stride } from "../../../../test/share.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";
import { StreamPass } from "../../src/wire/stream-pass.ts";
import { asSse, hasRecordings, type RecordedStream, recordedFiles, recordedStreams } from "./recorded-wire.ts";
import { blocksOf, bytewise, decodedByAnthropic, decodedByOpenai, joined, messagesOf } from "./sdk-decoders.ts";

const streams: readonly RecordedStream[] = hasRecordings ? recordedStreams(recordedFiles()) : [];
const LINE_ENDS = ["\n", "\r\n", "\r"];
/** Streams up to this length are cut in two, and cut off, at every byte. */
const SHORT_BYTES_MAX = 1_600;

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("every recorded stream", () => {
  test("is there", () => {
    const count = (dialect: string): number => streams.filter((stream) => stream.dialect === dialect).length;
    expect(["openai-chat", "openai-responses", "anthropic-messages", "gemini"].map(count)).toEqual([53, 79, 88, 65]);
  });

  test("has the messages that the SDKs decode when every byte is a piece", async () => {
    for (const stream of someOf(streams, 3))
      for (const lineEnd of LINE_ENDS) {
        const bytes = asSse(stream, lineEnd);
        // CR is of interest where it is, not where there is more of it.
        if (lineEnd !== "\n" && bytes.byteLength > SHORT_BYTES_MAX) continue;
        const blocks = blocksOf(bytewise(bytes));
        expect(joined(blocks).equals(bytes), stream.name).toBe(true);
        const messages = await (stream.dialect === "anthropic-messages" ? decodedByAnthropic : decodedByOpenai)([
          bytes,
        ]);
        expect(messagesOf(blocks), stream.name).toEqual(messages);
        expect(messages.length).toBe(stream.events.length + (stream.dialect === "openai-chat" ? 1 : 0));
      }
  });

  test("passes byte for byte and is complete, when every byte is a piece and when it is cut in two anywhere", () => {
    for (const [index, stream] of passable().entries()) {
      const bytes = asSse(stream);
      expectPassed(stream, bytes, bytewise(bytes));
      if (bytes.byteLength > SHORT_BYTES_MAX) continue;
      for (const lineEnd of LINE_ENDS) {
        const written = asSse(stream, lineEnd);
        for (let at = index % stride(27); at < written.byteLength; at += stride(27))
          expectPassed(stream, written, [written.subarray(0, at), written.subarray(at)]);
      }
    }
  });

  test("that is cut off at any byte before its end gives an error of the dialect behind whole events", async () => {
    for (const [index, stream] of passable().entries()) {
      const bytes = asSse(stream);
      if (bytes.byteLength > SHORT_BYTES_MAX || FAILED.test(stream.name)) continue;
      const finish = finishedAt(stream, bytes);
      for (let at = index % stride(15); at < bytes.byteLength; at += stride(15)) {
        const pass = newPass(stream);
        const before = pass.push(bytes.subarray(0, at));
        const { outcome, bytes: after } = pass.end();
        const text = Buffer.concat([before, after]).toString();
        expect(outcome, `${stream.name} at ${at}`).toBe(at < finish ? "cut" : "complete");
        if (outcome === "cut") expect(text).toMatch(ERRORS[stream.dialect as WireDialect]);
        else expect(text).toMatch(/(?:\[DONE\]|message_stop".*|"response\.(?:completed|incomplete)".*)\s*$/);
        expect(bytes.toString().startsWith(before.toString())).toBe(true);
      }
    }
  });
});

/** Recorded errors within a stream. */
const FAILED = /openai-error/;

const ERRORS: { readonly [Dialect in WireDialect]: RegExp } = {
  "openai-chat": /data: \{"error":\{"message":.*"code":"stream_cut"\}\}\n\n$/,
  "openai-embeddings": /^$/,
  "openai-responses":
    /(?:event: response\.failed\ndata: \{"type":"response\.failed"|event: error\ndata: \{"type":"error").*\n\n$/,
  "anthropic-messages": /event: error\ndata: \{"type":"error","error":\{"type":"api_error".*\}\n\n$/,
};

function passable(): readonly RecordedStream[] {
  return streams.filter(({ dialect }) => dialect !== "gemini");
}

function newPass({ dialect }: RecordedStream): StreamPass {
  return new StreamPass({ dialect: dialect as WireDialect, isUsageHidden: false });
}

function expectPassed(stream: RecordedStream, bytes: Buffer, pieces: readonly Buffer[]): void {
  const pass = newPass(stream);
  const passed = pieces.map((piece) => pass.push(piece));
  const { outcome, bytes: rest } = pass.end();
  expect(Buffer.concat([...passed, rest]).equals(bytes), stream.name).toBe(true);
  expect(outcome, stream.name).toBe(FAILED.test(stream.name) ? "failed" : "complete");
}

/** From how many bytes on the answer is complete: up to the last character of the event that says so. */
function finishedAt(stream: RecordedStream, bytes: Buffer): number {
  const event = stream.events.find((text) =>
    /"finish_reason":\s*"|"type":\s*"response\.(?:completed|incomplete)"|"stop_reason":\s*"[\s\S]*"usage"|"type":\s*"message_stop"/.test(
      text,
    ),
  );
  if (event === undefined) throw new Error(`${stream.name} has no end`);
  return bytes.indexOf(event) + Buffer.byteLength(event);
}
