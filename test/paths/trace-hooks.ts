/**
 * Loader hooks that record which function of the packages runs, in the order of first calls. Loaded with `--import` before a
 * walk; the walk reads `globalThis.calybrisTrace`.
 * @module
 */
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { type Node, parse } from "acorn";

declare global {
  /** Calls in order, as `package/src/file.ts#function`. */
  var calybrisTrace: string[];
}

globalThis.calybrisTrace = [];

const SOURCE = /\/packages\/([a-z]+\/src\/.+\.ts)$/;
const FUNCTIONS: ReadonlySet<string> = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
]);

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** A node with whatever members it has. */
type Members = Node & { readonly [member: string]: unknown };

registerHooks({
  load(url, context, nextLoad) {
    const file = SOURCE.exec(url)?.[1];
    const loaded = nextLoad(url, context);
    if (file === undefined || loaded.source === undefined || loaded.source === null) return loaded;
    const text =
      typeof loaded.source === "string" ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    const script = loaded.format === "module-typescript" ? stripTypeScriptTypes(text) : text;
    return { ...loaded, format: "module", source: instrumented(file, script) };
  },
});

/** The script with a record of each call of a named function at its beginning. */
function instrumented(file: string, script: string): string {
  const insertions: Insertion[] = [];
  visit(parse(script, { ecmaVersion: "latest", sourceType: "module" }) as Node as Members, undefined, (body, name) => {
    insertions.push({
      at: body.start + 1,
      text: `globalThis.calybrisTrace?.push(${JSON.stringify(`${file}#${name}`)});`,
    });
  });
  let text = script;
  for (const { at, text: inserted } of insertions.toSorted((a, b) => b.at - a.at)) {
    text = text.slice(0, at) + inserted + text.slice(at);
  }
  return text;
}

/** Calls `found` for each block body of a function that has a name: its own, its method's, or its variable's. */
function visit(node: Members, name: string | undefined, found: (body: Node, name: string) => void): void {
  const own = (node["id"] as { readonly name?: string } | null | undefined)?.name;
  if (FUNCTIONS.has(node.type)) {
    const body = node["body"] as Members;
    const called = own ?? name;
    if (called !== undefined && body.type === "BlockStatement") found(body, called);
  }
  for (const [member, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, nameFor(node, member), found);
    }
  }
}

/** The name that a function gets from where it is defined. */
function nameFor(node: Members, member: string): string | undefined {
  if (node.type === "MethodDefinition" && member === "value") return keyName(node["key"]);
  if (node.type === "VariableDeclarator" && member === "init") return keyName(node["id"]);
  return undefined;
}

function keyName(key: unknown): string | undefined {
  const { name, type } = key as { readonly name?: string; readonly type?: string };
  return type === "PrivateIdentifier" ? `#${name}` : name;
}

function isNode(value: unknown): value is Members {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
