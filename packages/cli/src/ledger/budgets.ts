/**
 * What `calybris init --budgets` writes: commented budgets to start from.
 * @module
 */

/** @param schema - the path of the schema from the file, which is how editors find it. */
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
      // Granted anew each day, week, month or quarter, at local midnight; what is unspent is withdrawn.
      "period": { "every": "month", "timeZone": "Europe/Berlin", "allotmentDollars": "500" },
      "exposureCapDollars": "50", // most that may be reserved at once
    },

    // A level below another: at most four, like organisation > team > key > end user. What it spends, all above it spend
    // too, and each needs money of its own: a reservation is made on every level or on none.
    "acme-research": {
      "parent": "acme", // for good
      "period": { "every": "week", "timeZone": "Europe/Berlin", "allotmentDollars": "75.50" },
      "whenShort": "reject", // "substitute" when left out: what there is no room for gets the best that fits
      "reservationSeconds": 900, // an open reservation is settled in full after so long; 600 when left out
    },

    // Without a period, a tenant has what it is granted: \`calybris ledger grant --tenant trial --dollars 5\`.
    "trial": {},
  },
}
`;
}
