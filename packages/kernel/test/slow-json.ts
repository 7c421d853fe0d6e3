/**
 * The simplest JSON reader that could be right: tokens by the regular expressions of the grammar, then one function a rule.
 * Slow, and exact by big integers; it shares nothing with the parser that it is compared with.
 * @module
 */

export type Verdict = { readonly value: unknown } | "refused";

const SPACE = /[ \t\n\r]+/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const TOKEN =
  /[{}[\]:,]|true|false|null|"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/uy;

export function slowJson(text: string, isJsonc: boolean, nestingMax: number): Verdict {
  try {
    const tokens = tokensOf(text, isJsonc);
    const value = valueFrom(tokens, isJsonc, nestingMax);
    return tokens.length === 0 ? { value } : "refused";
  } catch (error) {
    if (error instanceof Refused) return "refused";
    throw error;
  }
}

class Refused extends Error {}

function tokensOf(text: string, isJsonc: boolean): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) {
    const skipped = matchAt(SPACE, text, at) ?? (isJsonc ? matchAt(COMMENT, text, at) : undefined);
    const token = skipped ?? matchAt(TOKEN, text, at);
    if (token === undefined) throw new Refused();
    const before = text.charAt(at - 1);
    const isGlued = skipped === undefined && /^[\w.+-]/.test(token) && /[\w.+-]/.test(before);
    if (isGlued) throw new Refused();
    if (skipped === undefined) tokens.push(token);
    at += token.length;
  }
  return tokens;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function valueFrom(tokens: string[], isJsonc: boolean, depthLeft: number): unknown {
  const token = tokens.shift() ?? "";
  if (token === "{" || token === "[") {
    if (depthLeft === 0) throw new Refused();
    const close = token === "{" ? "}" : "]";
    const items: [string, unknown][] = [];
    while (tokens.at(0) !== close) {
      let key = String(items.length);
      if (token === "{") {
        key = textOf(tokens.shift() ?? "");
        if (key === "__proto__" || tokens.shift() !== ":") throw new Refused();
      }
      if (items.some(([other]) => other === key)) throw new Refused();
      items.push([key, valueFrom(tokens, isJsonc, depthLeft - 1)]);
      if (tokens.at(0) === ",") {
        tokens.shift();
        if (tokens.at(0) === close && !isJsonc) throw new Refused();
      } else if (tokens.at(0) !== close) throw new Refused();
    }
    tokens.shift();
    return token === "{" ? Object.fromEntries(items) : items.map(([, value]) => value);
  }
  if (token === "true" || token === "false") return token === "true";
  if (token === "null") return null;
  return /^[-0-9]/.test(token) ? numberOf(token) : textOf(token);
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function textOf(token: string): string {
  if (!token.startsWith('"')) throw new Refused();
  const text = token
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_all, hex: string | undefined, letter: string) =>
      hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) throw new Refused();
  }
  return text;
}

/** Exact where the literal is an integer that somebody may mean; NaN for a fraction that a double takes for an integer. */
function numberOf(token: string): number | bigint {
  const [, sign = "", whole = "", fraction, exponent] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(token) ?? [];
  const double = Number(token);
  if (fraction === undefined && exponent === undefined) {
    if (token.length > 64) return double;
    const exact = BigInt(sign + whole);
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }
  if (!Number.isInteger(double)) return double;
  const digits = BigInt(whole + (fraction ?? ""));
  const shift = (fraction ?? "").length - Math.max(-2_000, Math.min(2_000, Number(exponent ?? 0)));
  return shift > 0 && digits % 10n ** BigInt(shift) !== 0n ? Number.NaN : double === 0 ? 0 : double;
}
