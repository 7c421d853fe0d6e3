import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../entries/bytes.ts";
import { withParts } from "../entries/page.ts";
import { entrySchema, KINDS, schemaText } from "../entries/schema.ts";
import { CalybrisError, type EntryPolicy, parseEntryBody, parseEntryHead, samplePolicy } from "../src/index.ts";
import type { JsonSchema } from "../src/entry-value.ts";

// Goal: what is generated from the field tables is fresh, and the schema accepts whatever the reader does: it knows every
// member and every range, and leaves to the reader only what spans several members.
// Method: the vectors, as they are and with a member taken away, added or replaced, through both.

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const lines = (file: string): readonly string[] => read(`conformance/vectors/${file}`).trimEnd().split("\n");

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const validate = ajv.compile(JSON.parse(schemaText()) as object);
const policyOf = (): EntryPolicy => ({ policy: samplePolicy(), spendLimit: "none" });

type Verdict = "read" | "unknown" | "refused";

function verdictOf(data: string): Verdict {
  const head = parseEntryHead(data);
  if (head === undefined) return "refused";
  try {
    return parseEntryBody(head, data, policyOf) === undefined ? "unknown" : "read";
  } catch (error) {
    if (!(error instanceof CalybrisError)) throw error;
    return error.code === "CAL_JOURNAL_MEMBER_UNKNOWN" ? "unknown" : "refused";
  }
}

const VECTORS = [
  ...lines("entries.jsonl").map((line) => JSON.parse(line).data as string),
  ...lines("decision-entries.jsonl").map((line) => /"data":(.*)\}$/.exec(line)?.[1] ?? line),
];
const READ = VECTORS.filter((data) => verdictOf(data) === "read");

test("the schema in conformance is that of the code", () => {
  expect(read("conformance/entries.schema.json")).toBe(schemaText());
});

test("the tables of docs/formats.md are those of the code", () => {
  const page = read("docs/formats.md");
  expect(withParts(page)).toBe(page);
});

test("each optional member is in a vector that is read, and is left out in another", () => {
  const missing: string[] = [];
  const { $defs } = entrySchema() as { $defs: { [kind: string]: Form & { oneOf?: readonly Form[] } } };
  for (const kind of KINDS) {
    const entries = READ.map((data) => JSON.parse(data)).filter((entry) => entry["kind"] === kind);
    for (const { properties, required } of $defs[kind]?.oneOf ?? [$defs[kind] as Form]) {
      const change = properties["change"]?.["const"];
      const ofForm = entries.filter((entry) => change === undefined || entry["change"] === change);
      for (const key of Object.keys(properties)) {
        if (!ofForm.some((entry) => key in entry)) missing.push(`${kind} ${key}`);
        if (!required.includes(key) && ofForm.every((entry) => key in entry)) missing.push(`${kind} without ${key}`);
      }
    }
  }
  expect(missing).toEqual([]);
});

interface Form {
  readonly properties: { readonly [key: string]: JsonSchema };
  readonly required: readonly string[];
}

test.each(READ.map((data, index) => [index, data]))(
  "what is read is valid by the schema: vector %d",
  (_index, data) => {
    expect(validate(JSON.parse(data as string)), JSON.stringify(validate.errors)).toBe(true);
  },
);

describe("an altered entry", () => {
  const replacement: fc.Arbitrary<unknown> = fc.oneof(
    fc.constantFrom(-1, 0, 1, 2 ** 53 - 1, 1.5, 65_536, 2 ** 32, 10_001, true, false, null, "", "x", {}, []),
    fc.string(),
    fc.integer(),
    fc.array(fc.integer(), { maxLength: 3 }),
  );
  const alteration = fc.record({
    vector: fc.nat(READ.length - 1),
    path: fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }),
    change: fc.oneof(
      fc.constant({ does: "leave out" as const }),
      replacement.map((value) => ({ does: "replace" as const, value })),
      fc.constant({ does: "add" as const }),
    ),
  });

  test("that is read is valid by the schema", () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(alteration, ({ vector, path, change }) => {
        const entry = JSON.parse(READ[vector] as string) as { [key: string]: unknown };
        alter(entry, path, change);
        const verdict = verdictOf(JSON.stringify(entry));
        const isValid = validate(entry);
        if (verdict === "read") {
          expect(isValid, JSON.stringify(entry)).toBe(true);
          accepted += 1;
        } else if (!isValid) refused += 1;
      }),
      { numRuns: 4_000 },
    );
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1_000);
  });

  test("with a member that there is not is unknown to the reader and invalid by the schema", () => {
    for (const data of READ) {
      const entry = { ...JSON.parse(data), colour: "red" };
      expect(validate(entry)).toBe(false);
      expect(verdictOf(data.replace(/\}$/, ',"colour":"red"}'))).toBe("unknown");
    }
  });
});

/** Walks to a member, by positions, and alters it there. */
function alter(
  entry: { [key: string]: unknown },
  path: readonly number[],
  change: { readonly does: "leave out" | "add" | "replace"; readonly value?: unknown },
): void {
  let at = entry;
  for (const [depth, position] of path.entries()) {
    const keys = Object.keys(at);
    const key = keys[position % keys.length];
    if (key === undefined) return;
    const inner = at[key];
    if (depth + 1 < path.length && typeof inner === "object" && inner !== null) {
      at = inner as { [key: string]: unknown };
      continue;
    }
    if (change.does === "leave out") delete at[key];
    else if (change.does === "add") at["colour"] = "red";
    else at[key] = change.value;
    return;
  }
}

test("the bytes that the tables state are those that the vectors take", () => {
  const { $defs } = entrySchema() as { $defs: { [kind: string]: JsonSchema } };
  let checked = 0;
  for (const data of READ) {
    const entry = JSON.parse(data) as { [key: string]: unknown };
    const schema = $defs[String(entry["kind"])] as JsonSchema;
    const forms = (schema["oneOf"] ?? [schema]) as readonly Form[];
    const keys = Object.keys(entry);
    const form = forms.find(
      ({ properties }) =>
        keys.every((key) => key in properties) &&
        (properties["change"]?.["const"] ?? entry["change"]) === entry["change"],
    );
    for (const [position, key] of keys.entries()) {
      const next = keys[position + 1];
      const from = data.indexOf(`"${key}":`) + key.length + 3;
      const to = next === undefined ? data.length - 1 : data.indexOf(`,"${next}":`, from);
      const bytes = Buffer.byteLength(data.slice(from, to));
      const { least, most } = bytesOf(form?.properties[key] as JsonSchema);
      expect(bytes, `${key} of ${data}`).toBeGreaterThanOrEqual(least);
      if (most !== undefined) expect(bytes, `${key} of ${data}`).toBeLessThanOrEqual(most);
      checked += 1;
    }
  }
  expect(checked).toBeGreaterThan(300);
});
