/**
 * Checks a value against a schema.
 *
 * zod describes the shapes; the checks are done here. zod collects every issue of a value before it returns, up to a million
 * of them for a hostile value. This walk counts members before it descends, and stops after enough mistakes.
 * @module
 */
import type { JsonPath, Mistake } from "@calybris/kernel";
import { z } from "zod";
import { isObject } from "./members.ts";
import { Mistakes, pathText, showValue } from "./mistakes.ts";
import type { LineOf } from "./read-json.ts";
import { COUNT_MAX_KEY, ruleOf } from "./shape.ts";

/** The mistakes of a value against a schema, up to the limit of {@link Mistakes}. */
export function shapeMistakes(schema: z.ZodType, value: unknown, lineOf?: LineOf): readonly Mistake[] {
  const mistakes = new Mistakes(lineOf);
  checkShape(schema, value, mistakes);
  return mistakes.list;
}

/** Adds the mistakes of a value against a schema. @param at - path of the value. */
export function checkShape(schema: z.ZodType, value: unknown, mistakes: Mistakes, at: JsonPath = []): void {
  checkOf(schema)(value, { mistakes, path: [...at] });
}

interface Walk {
  readonly mistakes: Mistakes;
  /** Current path of the walk; mutated as the walk proceeds. */
  readonly path: (string | number)[];
}

type Check = (value: unknown, walk: Walk) => void;

const checks = new WeakMap<z.ZodType, Check>();

/** The walk of a schema, built once. */
function checkOf(schema: z.ZodType): Check {
  let check = checks.get(schema);
  if (check === undefined) {
    check = newCheck(schema);
    checks.set(schema, check);
  }
  return check;
}

function newCheck(schema: z.ZodType): Check {
  const rule = ruleOf(schema);
  if (rule !== undefined)
    return (value, walk) => {
      if (!rule.accepts(value)) refuse(value, rule.wanted, walk);
    };
  if (schema instanceof z.ZodOptional) {
    const inner = checkOf(schema.unwrap() as z.ZodType);
    return (value, walk) => {
      if (value !== undefined) inner(value, walk);
    };
  }
  if (schema instanceof z.ZodAny) return () => undefined;
  if (schema instanceof z.ZodUnion) return unionCheck(schema);
  if (schema instanceof z.ZodArray) return thenRefined(schema, listCheck(schema));
  if (schema instanceof z.ZodRecord) return thenRefined(schema, namedCheck(schema));
  if (schema instanceof z.ZodObject && schema.def.catchall instanceof z.ZodNever)
    return thenRefined(schema, objectCheck(schema));
  return (value, walk) => checkByZod(schema, value, walk);
}

function objectCheck(schema: z.ZodObject): Check {
  const keys = Object.keys(schema.shape);
  const known = new Set(keys);
  const members = keys.map((key) => [key, checkOf(schema.shape[key] as z.ZodType)] as const);
  return (value, walk) => {
    if (!isObject(value)) return refuse(value, "an object", walk);
    for (const [key, check] of members)
      checkMember(key, Object.hasOwn(value, key) ? value[key] : undefined, check, walk);
    for (const key in value) {
      if (walk.mistakes.isFull) return;
      if (!known.has(key))
        walk.mistakes.add([...walk.path, key], "is an unknown field", walk.mistakes.remedyFor(key, keys));
    }
  };
}

function listCheck(schema: z.ZodArray): Check {
  const item = checkOf(schema.element as z.ZodType);
  const { minimum = 0, maximum = Number.POSITIVE_INFINITY } = Object.assign(
    {},
    ...(schema.def.checks ?? []).map(({ _zod: { def } }) => def),
  ) as { readonly minimum?: number; readonly maximum?: number };
  return (value, walk) => {
    if (!Array.isArray(value)) return refuse(value, "a list", walk);
    if (value.length > maximum) return refuseCount(value.length, `at most ${maximum}`, walk);
    if (value.length < minimum) return refuseCount(value.length, `at least ${minimum}`, walk);
    for (let index = 0; index < value.length && !walk.mistakes.isFull; index += 1)
      checkMember(index, value[index], item, walk);
  };
}

function namedCheck(schema: z.ZodRecord): Check {
  const member = checkOf(schema.valueType as z.ZodType);
  const maximum = Number(schema.meta()?.[COUNT_MAX_KEY] ?? Number.POSITIVE_INFINITY);
  return (value, walk) => {
    if (!isObject(value)) return refuse(value, "an object", walk);
    const names = Object.keys(value);
    if (names.length > maximum) return refuseCount(names.length, `at most ${maximum}`, walk);
    for (let index = 0; index < names.length && !walk.mistakes.isFull; index += 1) {
      const name = names[index] as string;
      if (name === "__proto__") walk.mistakes.add([...walk.path, name], "is not a name", "Use another name.");
      else checkMember(name, value[name], member, walk);
    }
  };
}

function checkMember(part: string | number, value: unknown, check: Check, walk: Walk): void {
  if (walk.mistakes.isFull) return;
  walk.path.push(part);
  check(value, walk);
  walk.path.pop();
}

/** The mistakes within the option that the value resembles; otherwise, the list of all options. */
function unionCheck(schema: z.ZodUnion): Check {
  const options = schema.options as readonly z.ZodType[];
  return (value, walk) => {
    const attempts = options.map((option) => {
      const mistakes = walk.mistakes.another();
      checkOf(option)(value, { ...walk, mistakes });
      return mistakes;
    });
    if (attempts.some(({ isEmpty }) => isEmpty)) return;
    const here = pathText(walk.path);
    const alike =
      attempts.find(({ list }) => list.some(({ path }) => path !== here)) ??
      attempts.find((_mistakes, index) => isObject(value) && options[index] instanceof z.ZodObject);
    if (alike === undefined) refuse(value, options.map(wantedOf).join(", or "), walk);
    else walk.mistakes.addAll(alike);
  };
}

function wantedOf(schema: z.ZodType): string {
  return ruleOf(schema)?.wanted ?? (schema instanceof z.ZodArray ? "a list" : "an object");
}

/** Also runs the refinements of a schema, once its parts are valid. */
function thenRefined(schema: z.ZodType, check: Check): Check {
  const isRefined = (schema.def.checks ?? []).some(({ _zod: { def } }) => !COUNTS.includes(def.check));
  if (!isRefined) return check;
  return (value, walk) => {
    const mistakes = walk.mistakes.another();
    check(value, { ...walk, mistakes });
    if (mistakes.isEmpty) checkByZod(schema, value, walk);
    else walk.mistakes.addAll(mistakes);
  };
}

const COUNTS: readonly string[] = ["min_length", "max_length"];

/** For refinements, and for schemas that this walk does not support. */
function checkByZod(schema: z.ZodType, value: unknown, { mistakes, path }: Walk): void {
  for (const { path: inner, message } of schema.safeParse(value).error?.issues ?? []) {
    if (mistakes.isFull) return;
    const at = [...path, ...inner.filter((part) => typeof part !== "symbol")];
    mistakes.add(at, value === undefined ? "is missing" : `is ${showValue(value)}`, `Write ${message}.`);
  }
}

function refuse(value: unknown, wanted: string, { mistakes, path }: Walk): void {
  mistakes.add(path, value === undefined ? "is missing" : `is ${showValue(value)}`, `Write ${wanted}.`);
}

function refuseCount(count: number, wanted: string, { mistakes, path }: Walk): void {
  mistakes.add(path, `holds ${count}`, `Write ${wanted} of them.`);
}
