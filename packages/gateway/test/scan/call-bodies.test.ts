import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GatewayError } from "../../src/gateway-errors.ts";
import { LOCAL } from "../../src/keys/keyring.ts";
import { CallBodies, type CallBody } from "../../src/scan/call-bodies.ts";
import { type ScannedCall, scanCall } from "../../src/scan/call-scan.ts";

const KEY = new Uint8Array(32).fill(3);
const MIB = 2 ** 20;

let bodies: CallBodies;
beforeAll(() => {
  bodies = new CallBodies(KEY);
});
afterAll(() => bodies.close());

async function scan(raw: Uint8Array, part: Partial<CallBody> = {}): Promise<ScannedCall> {
  const body: CallBody = {
    dialect: "openai-chat",
    encoding: undefined,
    principal: LOCAL,
    takeBytes: () => {},
    ...part,
  };
  return bodies.scan(Buffer.from(raw), body);
}

function bodyOf(bytes: number): Buffer {
  const text = "A question about 北京. ".repeat(Math.ceil(bytes / 24));
  return Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: text }], stream: true }));
}

const comparable = ({ bytes, ...rest }: ScannedCall): object => ({ ...rest, text: Buffer.from(bytes).toString() });

describe("a body of a call", () => {
  test("comes to the same at once and by the thread", async () => {
    const body = bodyOf(400_000);
    const once = bodies.scan(bodyOf(200_000), {
      dialect: "openai-chat",
      encoding: undefined,
      principal: LOCAL,
      takeBytes: () => {},
    });
    expect(once).not.toBeInstanceOf(Promise);
    expect(comparable(await scan(body))).toEqual(comparable(scanCall(body, "openai-chat", KEY)));
  });

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["GZIP", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ])("that is compressed by %s is read as its content", async (encoding, compress) => {
    const body = bodyOf(300_000);
    const compressed = compress(body);
    let taken = 0;
    const takeBytes = (bytes: number): void => {
      taken += bytes;
    };
    const call = await scan(compressed, { encoding, takeBytes });
    expect(comparable(call)).toEqual(comparable(scanCall(body, "openai-chat", KEY)));
    expect(taken).toBe(body.byteLength - compressed.byteLength);
  });

  test("of 32 MB is read, and one byte more is refused, compressed or not", async () => {
    const longest = Buffer.alloc(32 * MIB, " ");
    longest.write('{"model":"m"}');
    expect((await scan(longest)).content.promptBytes).toBe(0);
    const longer = Buffer.concat([longest, Buffer.from(" ")]);
    await expect(scan(longer)).rejects.toMatchObject({ code: "CAL_GATEWAY_BODY_TOO_LARGE" });
    await expect(scan(gzipSync(longer), { encoding: "gzip" })).rejects.toMatchObject({
      code: "CAL_GATEWAY_BODY_TOO_LARGE",
    });
  });

  test("of a few bytes that expand to 64 MiB is refused while it is read", async () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * MIB, " "));
    expect(bomb.byteLength).toBeLessThan(8_192);
    await expect(scan(bomb, { encoding: "zstd" })).rejects.toMatchObject({ code: "CAL_GATEWAY_BODY_TOO_LARGE" });
    expect((await scan(bodyOf(300_000))).content.messageCount).toBe(1);
  });

  test.each([
    ["of another encoding", Buffer.from("{}"), "gzip", "CAL_GATEWAY_BODY_MALFORMED"],
    ["that ends too early", gzipSync(bodyOf(9_999)).subarray(0, -9), "gzip", "CAL_GATEWAY_BODY_MALFORMED"],
    ["of an unknown encoding", Buffer.from("{}"), "compress", "CAL_GATEWAY_MEDIA_TYPE"],
    ["of two encodings", Buffer.from("{}"), "gzip, br", "CAL_GATEWAY_MEDIA_TYPE"],
    ["of an encoding that is a name of every object", Buffer.from("{}"), "constructor", "CAL_GATEWAY_MEDIA_TYPE"],
    ["that is not JSON", gzipSync("{'a':1}"), "gzip", "CAL_GATEWAY_BODY_MALFORMED"],
    ["with a field that is set twice", gzipSync('{"a":1,"a":2}'), "gzip", "CAL_GATEWAY_REQUEST_INVALID"],
  ])("%s is refused", async (_what, raw, encoding, code) => {
    await expect(scan(raw, { encoding })).rejects.toMatchObject({ code: code });
  });

  test("that may not be held once it is decompressed is refused with what refuses it", async () => {
    const takeBytes = (): void => {
      throw new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many request bodies are in flight" });
    };
    const refused = scan(gzipSync(bodyOf(300_000)), { encoding: "gzip", takeBytes });
    await expect(refused).rejects.toMatchObject({ code: "CAL_GATEWAY_OVERLOADED" });
  });
});
