import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/wire/stream-sights.ts";
import type { Running } from "../support/running-service.ts";
import type { Played } from "./case-answers.ts";
import { faultsOfCase } from "./case-checks.ts";
import { callOnce } from "./case-client.ts";
import { CaseServices } from "./case-service.ts";
import { hasCases, type PlayedCase, playedCases } from "./played-cases.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

let provider: ScriptedProvider;
let services: CaseServices;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  process.env["CASES_PROVIDER_KEY"] = "sk-of-the-provider";
  services = new CaseServices(provider.url);
});

afterAll(async () => {
  delete process.env["CASES_PROVIDER_KEY"];
  await services?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

/** Until what a client that left owes is in the journal. */
const LEFT_TRIES = 200;

async function play(given: PlayedCase): Promise<Played> {
  const { running, rich, poor } = await services.of(given.prices);
  const key = given.isBudgetExhausted ? poor : rich;
  provider.seen.length = 0;
  provider.script = given.upstream === null ? undefined : { upstream: given.upstream, isSplit: given.isSplit };
  const from = running.service.engine.reading.head.sequence;
  const answer = await callOnce(running.url, given.request, key);
  const read = (): Promise<readonly Json[]> => entriesOf(running, from, answer.headers.get("x-calybris-decision"));
  let entries = await read();
  const isOver = (): boolean => hasEnded(entries) && provider.seen.every(({ abortedMs }) => abortedMs !== undefined);
  for (let tries = 0; answer.leftMs !== undefined && !isOver() && tries < LEFT_TRIES; tries += 1) {
    await sleep(10);
    entries = await read();
  }
  return { given, ...answer, seen: provider.seen, key, entries };
}

function hasEnded(entries: readonly Json[]): boolean {
  return entries.some(({ kind }) => kind === "hold" || kind === "outcome" || kind === "release");
}

/** Of the call's decision, whose own entry is the first. A client that left has not read which one it is. */
async function entriesOf({ service }: Running, from: number, decisionId: string | null): Promise<readonly Json[]> {
  const { reading } = service.engine;
  const pieces = await Array.fromAsync(reading.lines(from + 1, reading.head.sequence));
  const lines = Buffer.concat(pieces).toString().trimEnd().split("\n");
  const all = lines.flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { readonly data: Json }).data]));
  const sequence =
    decisionId === null ? all.find(({ kind }) => kind === "decision")?.["sequence"] : Number(decisionId.split("-")[0]);
  return sequence === undefined
    ? []
    : all.filter((entry) => entry["sequence"] === sequence || entry["of"] === sequence);
}

/** They open the circuit of their deployment, as they must: whatever needs that deployment comes before. */
const LAST = /insufficient-quota-of-the-operator|key of the operator refused/;

const cases = playedCases().toSorted((a, b) => Number(LAST.test(a.name)) - Number(LAST.test(b.name)));

describe("of the black-box cases,", () => {
  test.each(cases.map((one): [string, PlayedCase] => [one.name, one]))("%s", async (_name, given) => {
    const played = await play(given);
    expect(faultsOfCase(given.expected, played)).toEqual([]);
  });

  // Most of the cases are data beside the repository.
  test.skipIf(!hasCases)("there are as many as were looked at when this was written, or more", () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
  });
});
