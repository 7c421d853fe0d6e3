/**
 * A configuration file: JSON with comments, or YAML. Both are read equally strictly: duplicate keys are refused, integers
 * are exact, and YAML's anchors, tags and merges are refused, so the file means exactly what it shows.
 * @module
 */
import { decodeUtf8, type JsonDocument, readFileBytes, readJson } from "@calybris/engine/internal";
import { CalybrisError, type ExactJson } from "@calybris/kernel";

/** @throws CalybrisError `CAL_INPUT_UNREADABLE`, or `CAL_INPUT_MALFORMED` with the line. */
export async function readConfigFile(file: string): Promise<JsonDocument> {
  const bytes = await readFileBytes(file);
  return /\.ya?ml$/i.test(file) ? readYaml(decodeUtf8(bytes, file), file) : readJson(bytes, file);
}

/** The YAML parser has 72 modules, so it is loaded only for a YAML file. */
async function readYaml(source: string, file: string): Promise<JsonDocument> {
  const { isAlias, LineCounter, parseDocument, visit } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(source, {
    version: "1.2",
    schema: "core",
    strict: true,
    uniqueKeys: true,
    merge: false,
    intAsBigInt: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  const refuse = (offset: number, problem: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line, column: col, problem });
  };
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) refuse(fault.pos[0], `is not YAML: ${fault.message.split("\n", 1)[0]}`);
  visit(document, {
    Alias: (_key, { range }) => refuse(range?.[0] ?? 0, "uses an alias, which a configuration may not"),
    Node: (_key, node) => {
      if (isAlias(node)) return;
      if (node.tag !== undefined || node.anchor !== undefined)
        refuse(node.range?.[0] ?? 0, "uses a tag or an anchor, which a configuration may not");
    },
  });
  return {
    value: plain(document.toJS() as unknown),
    lineOf: (path) => {
      for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined;
        if (node?.range?.[0] !== undefined) return lines.linePos(node.range[0]).line;
      }
      return undefined;
    },
  };
}

/** Integers as in exact JSON: a `number` if safe, else a `bigint`. An empty file is an empty object. */
function plain(value: unknown): ExactJson {
  if (value === null || value === undefined) return {};
  return member(value);
}

function member(value: unknown): ExactJson {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(member);
  if (typeof value !== "object" || value === null) return value as ExactJson;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, member(inner)]));
}
