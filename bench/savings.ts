/**
 * `calybris savings` on a million rows as CSV with quoted cells, as gzip and as JSON Lines, and on the Azure traces. Each
 * run is a separate process, for its own peak memory. The file is generated with a fixed seed.
 * @module
 */
import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { dataDirectory } from "@calybris/datasets";
import { markdownTable, seededBelow } from "./harness.ts";

const ROOT = join(import.meta.dirname, "..");
const ROWS = 1_000_000;
const SMOKE_ROWS = 2_000;
const SEED = 20_260_301;
const LINES_A_BLOCK = 2_000;
/** Names as in exports, and prices per million tokens, in and out. */
const MODELS = [
  ["gpt-4o-2024-08-06", 2.5, 10],
  ["openai/gpt-4o-mini", 0.15, 0.6],
  ["anthropic.claude-3-5-sonnet-20241022-v2:0", 3, 15],
  ["gpt-4.1-2025-04-14", 2, 8],
  ["gemini/gemini-2.5-pro", 1.25, 10],
  ["house-model", 0.5, 0.5],
] as const;
const TRACES = ["AzureLLMInferenceTrace_code.csv.gz", "AzureLLMInferenceTrace_conv.csv.gz"];

/** The measurements that a run reports. */
interface Ran {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakMiB: number;
  readonly rows: { readonly used: number; readonly bad: number };
  readonly total: { readonly paidMicrocents: string };
  readonly chosen: { readonly savedMicrocents: string };
}

/** Prints a table. `requests` is the number of rows; default: a million. */
export async function benchSavings(options: { readonly full: boolean; readonly requests?: number }): Promise<string> {
  const count = options.requests ?? (options.full ? ROWS : SMOKE_ROWS);
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const rows: string[][] = [];
    for (const [name, file] of await filesOf(directory, count)) rows.push(rowOf(name, statSync(file).size, run(file)));
    const data = dataDirectory(ROOT);
    for (const trace of data === undefined ? [] : TRACES) {
      const file = join(data ?? "", "traces", trace);
      if (existsSync(file))
        rows.push(rowOf(`${trace}, asked of gpt-4o`, statSync(file).size, run(file, "--model", "gpt-4o")));
    }
    const columns = ["savings", "rows", "MB", "seconds", "processor s", "rows/s", "peak MiB", "paid", "saved"];
    return `${markdownTable(columns, rows)}\n\n${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function filesOf(directory: string, count: number): Promise<readonly (readonly [name: string, file: string])[]> {
  const file = (name: string): string => join(directory, name);
  await pipeline(Readable.from(blocks(csvLines(count))), createWriteStream(file("usage.csv")));
  await pipeline(Readable.from(blocks(jsonLines(count))), createWriteStream(file("usage.jsonl")));
  await pipeline(
    Readable.from(blocks(csvLines(count))),
    createGzip({ level: 1 }),
    createWriteStream(file("usage.csv.gz")),
  );
  return [
    ["CSV", file("usage.csv")],
    ["CSV, gzip", file("usage.csv.gz")],
    ["JSON Lines", file("usage.jsonl")],
  ];
}

/** Groups lines into blocks, because a stream takes time per chunk. */
function* blocks(lines: Iterable<string>): Generator<string> {
  let block: string[] = [];
  for (const line of lines) {
    block.push(line);
    if (block.length < LINES_A_BLOCK) continue;
    yield block.join("");
    block = [];
  }
  yield block.join("");
}

interface DrawnRow {
  readonly at: string;
  readonly model: string;
  readonly cells: readonly [inputTokens: number, outputTokens: number, dollars: number];
  readonly tag: string;
}

function* usage(count: number): Generator<DrawnRow> {
  const below = seededBelow(SEED);
  for (let row = 0; row < count; row += 1) {
    const [model, input, output] = MODELS[below(MODELS.length)] as (typeof MODELS)[number];
    const [inputTokens, outputTokens] = [100 + below(8_000), 1 + below(1_000)];
    const dollars = Number(((inputTokens * input + outputTokens * output) / 1e6).toFixed(9));
    const at = new Date(Date.UTC(2026, 0, 1) + below(90 * 86_400) * 1_000).toISOString();
    yield { at, model, cells: [inputTokens, outputTokens, dollars], tag: `team-${below(40)}` };
  }
}

function* csvLines(count: number): Generator<string> {
  yield "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,user,metadata,cache_hit,request_tags,team_id\n";
  const key = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b";
  for (const { at, model, cells, tag } of usage(count)) {
    const [input, output, dollars] = cells;
    yield `chatcmpl-${key.slice(0, 24)},acompletion,${key},${dollars},${input + output},${input},${output},${at},${at},${model},default,"{""user_api_key"": ""x""}",False,"[""${tag}""]",t\n`;
  }
}

function* jsonLines(count: number): Generator<string> {
  for (const { at, model, cells, tag } of usage(count)) {
    const [prompt_tokens, completion_tokens, spend] = cells;
    yield `${JSON.stringify({ model, spend, prompt_tokens, completion_tokens, startTime: at, request_tags: [tag] })}\n`;
  }
}

const PROGRAM = `
import { capturedTerminal, calybrisOn } from ${JSON.stringify(new URL("../packages/cli/test/support/captured-terminal.ts", import.meta.url).href)};
const started = performance.now();
const { out, exit, complaints } = await calybrisOn(capturedTerminal(), "savings", ...process.argv.slice(1), "--json");
if (exit !== 0) throw new Error(complaints);
const { rows, total, chosen } = JSON.parse(out);
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({
  seconds: (performance.now() - started) / 1_000, processorSeconds: (user + system) / 1e6,
  peakMiB: process.resourceUsage().maxRSS / 1_024, rows, total, chosen,
}));
`;

function run(...words: readonly string[]): Ran {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM, ...words], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Ran;
}

function rowOf(
  name: string,
  bytes: number,
  { rows, seconds, processorSeconds, peakMiB, total, chosen }: Ran,
): string[] {
  const whole = (number: number): string => Math.round(number).toLocaleString("en");
  const [paid, saved] = [Number(total.paidMicrocents), Number(chosen.savedMicrocents)];
  return [
    name,
    whole(rows.used + rows.bad),
    (bytes / 1e6).toFixed(1),
    seconds.toFixed(1),
    processorSeconds.toFixed(1),
    whole((rows.used + rows.bad) / seconds),
    whole(peakMiB),
    `$${(paid / 1e8).toFixed(2)}`,
    `${((100 * saved) / paid).toFixed(1)} %`,
  ];
}
