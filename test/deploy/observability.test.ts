import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ENGINE_ERRORS } from "@calybris/engine";
import { ERRORS } from "@calybris/kernel";
import { parse } from "yaml";
import { parsePolicyFile } from "@calybris/engine";
import {
  CALL_POLICY,
  onlyGood,
  type RunningGateway,
  startGateway,
} from "../../packages/gateway/test/calls/running-gateway.ts";
import { post } from "../../packages/gateway/test/support/running-service.ts";
import { GATEWAY_ERRORS } from "../../packages/gateway/src/gateway-errors.ts";
import { CALL_RESULTS } from "../../packages/gateway/src/watch/call-metrics.ts";
import { CONTRACTS } from "../../packages/gateway/src/decisions/contracts.ts";
import { read } from "../sources.ts";
import { selectorsOf } from "./metric-queries.ts";

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

const { groups } = parse(read("deploy/prometheus/alerts.yaml")) as { groups: readonly { rules: readonly Alert[] }[] };
const ALERTS = groups.flatMap(({ rules }) => rules);
const { panels } = JSON.parse(read("deploy/grafana/dashboard.json")) as { readonly panels: readonly Panel[] };
const PANEL_QUERIES = panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }): [string, string] => [title, expr]),
);
const QUERIES: [string, string][] = [
  ...ALERTS.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...PANEL_QUERIES,
];

/** Names that Prometheus adds to what it scrapes. */
const SCRAPED = new Set(["job", "instance"]);
const VALUES: Readonly<Record<string, readonly string[]>> = {
  code: [...Object.keys(ERRORS), ...Object.keys(ENGINE_ERRORS), ...Object.keys(GATEWAY_ERRORS)],
  operation: CONTRACTS.map(({ name }) => name),
  action: ["execute", "substitute", "reject"],
  result: CALL_RESULTS,
};

/** Only the small model is good enough, so that a decision that is enforced saves money. */
const NANO_POLICY = { ...CALL_POLICY, catalog: onlyGood("gpt-4.1-nano") };

/** One that saves, one of which the cost is not known, and a storm. */
const CALLS = [
  ["chosen", "Hello"],
  ["gpt-4.1", "Hello [[mock: malformed]]"],
  ["gpt-4.1", "Hello [[mock: malformed]]"],
] as const;

let running: RunningGateway;
/** Label names of every metric that the service exports. */
const exported = new Map<string, ReadonlySet<string>>([["up", new Set()]]);

beforeAll(async () => {
  running = await startGateway({
    startingPolicy: () => Promise.resolve(parsePolicyFile(NANO_POLICY)),
    models: [{ name: "chosen", candidate: "gpt-4.1", decisions: "enforce" }],
    flags: { "calls-unanswered-per-minute": "1" },
  });
  const budget = { limit: { exposureCapDollars: "1" }, grant: { id: "first", amountMicrocents: "100000000" } };
  await running.client({ key: running.keys.operate }).setBudget("default", budget);
  await post(running, "/v1/decisions", '{"inputTokens": 1}');
  await post(running, "/v1/decisions", '{"riskBps": 9700, "inputTokens": 1}');
  await post(running, "/v1/decisions", "{");
  for (const [model, content] of CALLS) {
    const body = JSON.stringify({ model, messages: [{ role: "user", content }] });
    await post(running, "/v1/chat/completions", body);
  }
  const text = await running.client({ key: running.keys.audit }).metrics();
  for (const [, metric = "", labels = ""] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? /gm))
    exported.set(metric, new Set([...labels.matchAll(/([a-z]+)="/g)].map(([, name = ""]) => name)));
});
afterAll(() => running.end());

describe("queries", () => {
  test.each(QUERIES)("%s: %s reads metrics, labels and values that there are", (_name, query) => {
    const selectors = selectorsOf(query);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, labels } of selectors) {
      expect([...exported.keys()]).toContain(metric);
      for (const { name, values } of labels) {
        if (SCRAPED.has(name)) continue;
        expect([...(exported.get(metric) ?? [])], `${metric}{${name}}`).toContain(name);
        expect(values.filter((value) => VALUES[name]?.includes(value) === false)).toEqual([]);
      }
    }
  });

  test("what is not PromQL is refused", () => {
    expect(() => selectorsOf("rate(calybris_journal_head[5m)")).toThrow("not PromQL");
    expect(selectorsOf('a{b=~"c|d"} / e')).toEqual([
      { metric: "a", labels: [{ name: "b", values: ["c", "d"] }] },
      { metric: "e", labels: [] },
    ]);
  });
});

test("an alert has a severity, a summary that names the instance, and what to do", () => {
  expect(new Set(ALERTS.map(({ alert }) => alert)).size).toBe(ALERTS.length);
  for (const { alert, labels, annotations, for: duration } of ALERTS) {
    expect(["critical", "warning", "info"], alert).toContain(labels.severity);
    expect(annotations.summary, alert).toContain("{{ $labels.instance }}");
    expect(annotations.description.length, alert).toBeGreaterThan(20);
    if (duration !== undefined) expect(duration).toMatch(/^\d+[smh]$/);
  }
});

test("an alert keeps the label that its summary names", () => {
  const dropped = ALERTS.filter(({ expr }) => /\bsum(?! by \([^)]*\binstance\b)/.test(expr));
  expect(dropped.map(({ alert }) => alert)).toEqual([]);
});

describe("the dashboard", () => {
  test("shows every metric that the service exports", () => {
    const shown = new Set(PANEL_QUERIES.flatMap(([, query]) => selectorsOf(query).map(({ metric }) => metric)));
    expect([...exported.keys()].filter((metric) => metric !== "up" && !shown.has(metric))).toEqual([]);
  });

  test("has panels with ids of their own that do not overlap", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});
