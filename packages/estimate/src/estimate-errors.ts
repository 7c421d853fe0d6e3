/**
 * Operating errors of estimation; `docs/errors.md` is generated from this table too.
 * @module
 */
import { CalybrisError, type ErrorRow, row } from "@calybris/kernel";

export interface EstimateErrorDetails {
  readonly CAL_ESTIMATE_ROW_INVALID: { readonly row: number; readonly field: string; readonly problem: string };
  readonly CAL_ESTIMATE_SETTING_INVALID: { readonly setting: string; readonly problem: string };
}

export type EstimateErrorCode = keyof EstimateErrorDetails;

export const ESTIMATE_ERRORS: { readonly [Code in EstimateErrorCode]: ErrorRow<EstimateErrorDetails[Code]> } = {
  CAL_ESTIMATE_ROW_INVALID: row(
    400,
    (d) => `Row ${d.row}: ${d.field} ${d.problem}.`,
    "Correct the row, or the map that says which column holds the field.",
  ),
  CAL_ESTIMATE_SETTING_INVALID: row(
    400,
    (d) => `${d.setting} ${d.problem}.`,
    "Use a value in the range that the message names.",
  ),
};

export function estimateError<Code extends EstimateErrorCode>(
  code: Code,
  details: EstimateErrorDetails[Code],
): CalybrisError<Code, EstimateErrorDetails[Code]> {
  return new CalybrisError(code, details, undefined, ESTIMATE_ERRORS[code]);
}

/** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID` unless the value is in the range. */
export function checkSetting(setting: string, value: number, isIn: boolean, range: string): void {
  if (!isIn || Number.isNaN(value))
    throw estimateError("CAL_ESTIMATE_SETTING_INVALID", { setting, problem: `must be ${range}, but is ${value}` });
}
