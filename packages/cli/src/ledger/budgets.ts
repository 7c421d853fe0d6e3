/**
 * The commented budgets file that `calybris init --budgets` writes.
 * @module
 */

/** @param schema - the path of the schema relative to the file, for editors. */
export function budgetsText(schema: string): string {
  return `{
  "$schema": ${JSON.stringify(schema)}, // for editors: checks as you type
  // Who may spend. Activate it with \`calybris ledger apply FILE --journal DIRECTORY\`; nothing in it is
  // guessed: an unknown key refuses the whole file. Requests of a tenant that is not named here are not metered, unless the
  // service's configuration has \`budgets.unknownTenants\` = "refuse".
  "tenants": {
    // Requests that name no tenant. Without a limit for \`default\` they are not metered.
    "default": { "unlimited": true },

    // Money is one of ...Microcents (whole), ...Cents or ...Dollars (decimals in quotes). 1 cent is 1000000 microcents.
    "acme": {
      // Granted each day, week, month or quarter, at local midnight; the unspent amount is withdrawn.
      "period": { "every": "month", "timeZone": "Europe/Berlin", "allotmentDollars": "500" },
      "exposureCapDollars": "50", // maximum reserved at once
    },

    // A tenant below another: at most four levels, like organisation > team > key > end user. Its spending counts on every
    // level above, and each level needs its own money: a reservation is made on every level or on none.
    "acme-research": {
      "parent": "acme", // permanent
      "period": { "every": "week", "timeZone": "Europe/Berlin", "allotmentDollars": "75.50" },
      "onShortfall": "reject", // default "substitute": a request above the headroom gets the best candidate that fits
      "reservationSeconds": 900, // an open reservation is settled in full after this time; default 600
    },

    // Without a period, a tenant spends what it is granted: \`calybris ledger grant --tenant trial --dollars 5\`.
    "trial": {},
  },
}
`;
}
