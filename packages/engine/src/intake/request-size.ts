/**
 * Limits the size of a request before anything in it is looked up.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { isObject } from "./members.ts";
import { mistakeAt, showValue } from "./mistakes.ts";

/**
 * Refuses a value that is not an object, and an object with more members than any policy has names for, before anything in
 * it is looked up: each unknown member would be a mistake. Visits at most {@link MEMBERS_MAX} members.
 *
 * @throws {@link CalybrisError} `CAL_REQUEST_INVALID`.
 */
export function refuseSprawling(clientRequest: unknown): void {
  if (!isObject(clientRequest)) throw refused(`is ${showValue(clientRequest)}`, "Send one object for one request.");
  if (membersLeft(clientRequest, MEMBERS_MAX) < 0)
    throw refused(`holds more than ${MEMBERS_MAX} keys, names and features`, `Send at most ${MEMBERS_MAX}.`);
}

function refused(problem: string, remedy: string): CalybrisError {
  return new CalybrisError("CAL_REQUEST_INVALID", { mistakes: [mistakeAt([], problem, remedy)] });
}

/** `membersMax` minus the number of members of a value at any depth; below 0 if it has more. */
function membersLeft(value: object, membersMax: number): number {
  let left = membersMax;
  if (Array.isArray(value)) {
    left -= value.length;
    for (let index = 0; index < value.length && left >= 0; index += 1) left = memberLeft(value[index], left);
    return left;
  }
  for (const key in value) {
    left -= 1;
    if (left < 0) break;
    left = memberLeft((value as { readonly [key: string]: unknown })[key], left);
  }
  return left;
}

function memberLeft(member: unknown, left: number): number {
  return typeof member === "object" && member !== null ? membersLeft(member, left) : left;
}

/** A policy knows at most three times 64 names and 64 features, and a request has two dozen fields. */
const MEMBERS_MAX = 300;
