/**
 * Operating errors of reading usage; `docs/errors.md` is generated from this table too.
 * @module
 */
import { CalybrisError, type ErrorRow, quote, row } from "@calybris/kernel";

export interface SavingsErrorDetails {
  readonly CAL_USAGE_UNRECOGNISED: {
    readonly file: string;
    /** As shown in the message. */
    readonly columns: string;
    /** A map to start from. */
    readonly map: string;
  };
}

export const SAVINGS_ERRORS: {
  readonly [Code in keyof SavingsErrorDetails]: ErrorRow<SavingsErrorDetails[Code]>;
} = {
  CAL_USAGE_UNRECOGNISED: row(
    400,
    (d) => `${d.file} is not a recognised usage export. Its columns: ${d.columns}. A map to start from: ${d.map}`,
    "Complete the map, save it, and pass it with `--map`. If the file names no model, pass `--model`. docs/savings.md explains both.",
  ),
};

const COLUMNS_SHOWN_MAX = 40;

/** The error for a file whose columns are not recognised. */
export function unrecognised(
  file: string,
  columns: readonly string[],
  start: Readonly<Record<string, unknown>>,
): CalybrisError<"CAL_USAGE_UNRECOGNISED", SavingsErrorDetails["CAL_USAGE_UNRECOGNISED"]> {
  const more = columns.length > COLUMNS_SHOWN_MAX ? ` and ${columns.length - COLUMNS_SHOWN_MAX} more` : "";
  const details = {
    file,
    columns: columns.slice(0, COLUMNS_SHOWN_MAX).map(quote).join(", ") + more,
    map: JSON.stringify(start),
  };
  const code = "CAL_USAGE_UNRECOGNISED";
  return new CalybrisError(code, details, undefined, SAVINGS_ERRORS[code]);
}
