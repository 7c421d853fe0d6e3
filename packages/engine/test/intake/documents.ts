/**
 * A whole document of each kind that people write, with every field that its schema knows, and ways to write one of its
 * fields differently. What a field may hold is read from the schema, so that a new field is tried without being named here.
 * @module
 */
import { z } from "zod";
import { jsonSchemas } from "../../src/intake/json-schemas.ts";
import type { JsonPath } from "../../src/intake/read-json.ts";

export type Kind = keyof ReturnType<typeof jsonSchemas>;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const catalog = {
  $schema: "catalog.schema.json",
  name: "small",
  title: "Two candidates",
  epoch: 1,
  sources: ["made up"],
  providers: ["alpha", "beta"],
  capabilities: ["fold"],
  regions: ["north"],
  tiers: ["low"],
  candidates: [
    {
      id: 1,
      name: "swift",
      provider: "alpha",
      tier: "low",
      qualityBps: 8000,
      riskCeilingBps: 9000,
      enabled: true,
      latencyP95Ms: 100,
      capabilities: ["fold"],
      regions: ["north"],
      inputPriceDollarsPerMillion: "1.25",
      outputPriceDollarsPerMillion: "5",
      source: "made up",
    },
    {
      id: 2,
      name: "other",
      provider: "beta",
      tier: "low",
      qualityBps: 8000,
      riskCeilingBps: 9000,
      latencyP95Ms: 100,
      capabilities: [],
      regions: [],
      inputPriceMicrocentsPerMillion: 0,
      outputPriceCentsPerMillion: "0.5",
    },
  ],
};

const EVERY_FIELD: Readonly<Record<Kind, { [key: string]: Json }>> = {
  catalog,
  policy: {
    $schema: "policy.schema.json",
    name: "test",
    epoch: 1,
    catalog,
    riskHardLimitBps: 9600,
    confidenceMinBps: 5500,
    riskPenaltyMultiplierBps: 3500,
    latencyPenaltyMicrocentsPerMs: 2,
    spendLimit: "requested",
    substituteWithin: ["alpha", "beta"],
    learning: {
      features: ["length"],
      method: "regimes",
      explorationBps: 500,
      holdoutBps: 2000,
      targetFailureBps: 3333,
      discountPpm: 999000,
      warmUpRequests: 1000,
      anomalyRaiseBps: 1000,
      anomalyShareBps: 500,
      attributionSeconds: 600,
    },
    disabled: ["other"],
    useCases: {
      default: { valueDollars: "0.10", riskBps: 100, confidenceBps: 9000, qualityMinBps: 1, outputTokens: 9 },
      careful: { valueMicrocents: 5, riskBps: 100, confidenceBps: 9000, qualityMinBps: 1, outputTokens: 9 },
    },
  },
  request: {
    requestId: "a-1",
    tenant: "acme",
    reservationSeconds: 60,
    useCase: "careful",
    requested: "swift",
    inputTokens: 5,
    outputTokens: 5,
    valueDollars: "0.10",
    budgetDollars: "0.10",
    riskBps: 5,
    confidenceBps: 9000,
    qualityMinBps: 5,
    latencyMaxMs: 5,
    capabilities: ["fold"],
    providers: ["alpha"],
    regions: ["north"],
    features: { length: 7 },
    textScore: 5,
    onBehalfOf: "ana",
    tags: { team: "search" },
    session: "s-1",
    promptDigest: "A".repeat(43),
  },
  budgets: {
    $schema: "budgets.schema.json",
    tenants: {
      acme: {
        exposureCapDollars: "5",
        onShortfall: "reject",
        reservationSeconds: 60,
        unlimited: false,
        overrunFactor: 5,
        overrunFloorDollars: "2",
      },
      team: { parent: "acme", period: { every: "month", timeZone: "UTC", allotmentDollars: "5" } },
    },
  },
  cases: {
    $schema: "cases.schema.json",
    cases: [
      {
        name: "one that is decided",
        request: { inputTokens: 5 },
        expect: {
          action: "execute",
          selected: "swift",
          reason: "requested_maximizes_utility",
          costMicrocents: 5,
          costMaxMicrocents: 5,
        },
      },
      { name: "one that is refused", request: {}, expect: { error: "CAL_REQUEST_INVALID" } },
    ],
  },
};

/** Each with what its schema knows. */
export const DOCUMENTS: Readonly<Record<Kind, Json>> = Object.fromEntries(
  Object.entries(EVERY_FIELD).map(([kind, document]) => {
    const known = Object.keys(schemaOf(kind as Kind).properties ?? {});
    return [kind, Object.fromEntries(Object.entries(document).filter(([key]) => known.includes(key)))];
  }),
) as Record<Kind, Json>;

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

export interface Field {
  readonly path: JsonPath;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

export function schemaOf(kind: Kind): Schema {
  return jsonSchemas()[kind] as Schema;
}

/** Every field of a document and of what it holds; items of a list once. */
export function fieldsOf(kind: Kind): readonly Field[] {
  return [...fieldsIn(schemaOf(kind), DOCUMENTS[kind], [])];
}

function* fieldsIn(schema: Schema, value: Json | undefined, path: JsonPath): Generator<Field> {
  if (Array.isArray(value) && schema.items !== undefined) {
    const [first] = value;
    yield { path: [...path, 0], schema: schema.items, isRequired: false };
    yield* fieldsIn(schema.items, first, [...path, 0]);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const further = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  for (const [key, member] of Object.entries(value)) {
    const inner = schema.properties?.[key] ?? further;
    if (inner === undefined) continue;
    // A name that people choose may be left out.
    const isRequired = schema.required?.includes(key) === true && schema.properties?.[key] !== undefined;
    yield { path: [...path, key], schema: inner, isRequired };
    yield* fieldsIn(inner, member, [...path, key]);
  }
}

/** The properties of the schema, wherever they are, that no document has. */
export function unusedProperties(kind: Kind): readonly string[] {
  const used = new Set(fieldsOf(kind).map(({ path }) => path.filter((part) => typeof part === "string").at(-1)));
  return [...propertiesIn(schemaOf(kind))].filter((key) => !used.has(key));
}

function* propertiesIn(schema: Schema): Generator<string> {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    yield key;
    yield* propertiesIn(inner);
  }
  if (schema.items !== undefined) yield* propertiesIn(schema.items);
  if (typeof schema.additionalProperties === "object") yield* propertiesIn(schema.additionalProperties);
}

/** Every field, and each amount in each unit: `base` is the document that has it in that one. */
export function fieldsWithUnits(kind: Kind): readonly (Field & { readonly base: Json })[] {
  return fieldsOf(kind).flatMap((field) => {
    const { path } = field;
    const base = DOCUMENTS[kind];
    const key = String(path.at(-1));
    const unit = UNITS.find((candidate) => new RegExp(`${candidate}(?=$|Per)`).test(key));
    if (unit === undefined) return [{ ...field, base }];
    return UNITS.map((other) => {
      const inOther = [...path.slice(0, -1), key.replace(unit, other)];
      const schema = schemaAt(kind, inOther);
      return { path: inOther, schema, isRequired: false, base: changed(changed(base, path, undefined), inOther, "1") };
    });
  });
}

const UNITS = ["Microcents", "Cents", "Dollars"];

function schemaAt(kind: Kind, path: JsonPath): Schema {
  return path.reduce<Schema>((at, part) => {
    const further = typeof at.additionalProperties === "object" ? at.additionalProperties : undefined;
    const inner = typeof part === "number" ? at.items : (at.properties?.[part] ?? further);
    // The schema of a policy does not repeat that of its catalog.
    return inner ?? (part === "catalog" ? schemaOf("catalog") : {});
  }, schemaOf(kind));
}

const PLACEHOLDER = "\u0001placeholder\u0001";

export interface Written {
  readonly text: string;
  /** The line of the field. */
  readonly line: number;
}

/** The document as text, one member a line, with a literal in place of one field. */
export function written(document: Json, path: JsonPath, literal: string): Written {
  const text = JSON.stringify(changed(document, path, PLACEHOLDER), null, 2);
  const at = text.indexOf(JSON.stringify(PLACEHOLDER));
  const line = text.slice(0, at).split("\n").length;
  return { text: text.replace(JSON.stringify(PLACEHOLDER), () => literal), line };
}

/** The document with one field put, replaced, or left out. */
export function changed(document: Json, path: JsonPath, value: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? null;
  if (Array.isArray(document))
    return document.map((item, index) => (index === key ? changed(item, rest, value) : item));
  const members = document as { [key: string]: Json };
  if (rest.length === 0 && value === undefined) {
    const { [String(key)]: _left, ...others } = members;
    return others;
  }
  return { ...members, [String(key)]: changed(members[String(key)] ?? null, rest, value) };
}

/** Whether the schema, read by somebody else's reader of schemas, takes a literal. */
export function schemaTakes(schema: Schema): (literal: string) => boolean {
  const reader = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  return (literal) => reader.safeParse(JSON.parse(literal)).success;
}
