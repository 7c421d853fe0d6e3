/**
 * The arguments of commands that change the deciding policy.
 * @module
 */
import { BPS_MAX } from "@calybris/kernel";
import { InvalidArgumentError } from "commander";

/** `5%`, `0.5%` or `500bps` as basis points; `0` needs no unit. */
export function shareBps(text: string): number {
  const [, whole = "", part = "", unit = ""] = /^([0-9]{1,5})(?:\.([0-9]{1,2}))?(%|bps)?$/.exec(text) ?? [];
  const isPercent = unit === "%";
  const bps = isPercent ? Number(whole) * 100 + Number(part.padEnd(2, "0")) : Number(whole);
  const isShare = whole !== "" && (unit !== "" || text === "0") && (isPercent || part === "") && bps <= BPS_MAX;
  if (!isShare) throw new InvalidArgumentError("Write `5%`, `0.5%` or `500bps`, from 0 to 100 %.");
  return bps;
}

/** Parses the ID of a policy in its journal. */
export function policyId(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError("Write a whole number from 1.");
  return Number(text);
}
