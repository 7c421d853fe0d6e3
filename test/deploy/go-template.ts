/**
 * The part of Helm's templates that the chart uses, so that it can be rendered where Helm is not installed: `if`, `else`,
 * `with`, `end`, paths, literals, and pipelines of a few functions. Anything else throws.
 * @module
 */
import { createHash } from "node:crypto";
import { stringify } from "yaml";

type Scope = Readonly<Record<string, unknown>>;

interface Block {
  readonly kind: "root" | "if" | "with";
  readonly isShown: boolean;
  readonly dot: unknown;
}

/** Renders a template over `.Values`, `.Release` and `.Chart`. */
export function renderTemplate(template: string, scope: Scope): string {
  // A dash takes the white space on its side of the action.
  const parts = template.split(/((?:\s*\{\{-|\{\{)[\s\S]*?(?:-\}\}\s*|\}\}))/);
  const blocks: Block[] = [{ kind: "root", isShown: true, dot: scope }];
  let text = "";
  for (const part of parts) {
    const block = blocks.at(-1) as Block;
    const [, action] = /^\s*\{\{-?\s*([\s\S]*?)\s*-?\}\}\s*$/.exec(part) ?? [];
    if (action === undefined) {
      if (block.isShown) text += part;
      continue;
    }
    const [word = "", ...rest] = action.split(/\s+/);
    const expression = rest.join(" ");
    if (word === "if" || word === "with") {
      const value = block.isShown ? evaluate(expression, block.dot) : undefined;
      const isShown = block.isShown && isTrue(value);
      blocks.push({ kind: word, isShown, dot: word === "with" ? value : block.dot });
    } else if (word === "else") {
      blocks.pop();
      const outer = blocks.at(-1) as Block;
      blocks.push({ ...block, isShown: outer.isShown && !block.isShown, dot: outer.dot });
    } else if (word === "end") {
      if (blocks.length === 1) throw new Error("an `end` too many");
      blocks.pop();
    } else if (block.isShown) {
      text += String(evaluate(action, block.dot));
    }
  }
  if (blocks.length > 1) throw new Error(`an \`${blocks.at(-1)?.kind}\` has no end`);
  return text;
}

/** `.Values.a | default "b" | quote`. */
function evaluate(expression: string, dot: unknown): unknown {
  const [first = "", ...calls] = expression.split("|").map((part) => part.trim());
  return calls.reduce(
    (value: unknown, call) => {
      const [name = "", argument] = call.split(/\s+/);
      const apply = FUNCTIONS[name];
      if (apply === undefined) throw new Error(`the function ${name} is not rendered here`);
      return apply(value, argument === undefined ? undefined : term(argument, dot));
    },
    term(first, dot),
  );
}

const FUNCTIONS: Readonly<Record<string, (value: unknown, argument: unknown) => unknown>> = {
  default: (value, argument) => (isTrue(value) ? value : argument),
  nindent: (value, argument) => `\n${String(value).replace(/^(?=.)/gm, " ".repeat(Number(argument)))}`,
  quote: (value) => JSON.stringify(String(value)),
  sha256sum: (value) => createHash("sha256").update(String(value)).digest("hex"),
  toJson: (value) => JSON.stringify(value),
  toPrettyJson: (value) => JSON.stringify(value, null, 2),
  toYaml: (value) => stringify(value).trimEnd(),
};

function term(text: string, dot: unknown): unknown {
  if (/^"[^"]*"$|^\d+$/.test(text)) return JSON.parse(text);
  if (text === ".") return dot;
  if (!/^(?:\.[A-Za-z]+)+$/.test(text)) throw new Error(`${JSON.stringify(text)} is not rendered here`);
  return text
    .split(".")
    .slice(1)
    .reduce((value: unknown, name) => {
      if (typeof value !== "object" || value === null || !(name in value)) throw new Error(`there is no ${text}`);
      return (value as Scope)[name];
    }, dot);
}

/** Go's templates take what is empty for false. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
