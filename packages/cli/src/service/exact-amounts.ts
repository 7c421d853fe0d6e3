/**
 * Converts answers of the service to the engine's form: an amount is a decimal string in JSON and a `bigint` here.
 * @module
 */

const AMOUNT = /^-?[0-9]{1,20}$/;

/** The value with every member whose name ends with `Microcents` as a `bigint`, at any depth. */
export function exactAmounts<Value>(json: unknown): Value {
  if (Array.isArray(json)) return json.map((member) => exactAmounts(member)) as Value;
  if (typeof json !== "object" || json === null) return json as Value;
  const members = Object.entries(json).map(([name, member]: [string, unknown]) => {
    const isAmount = name.endsWith("Microcents") && typeof member === "string" && AMOUNT.test(member);
    return [name, isAmount ? BigInt(member) : exactAmounts(member)];
  });
  return Object.fromEntries(members) as Value;
}
