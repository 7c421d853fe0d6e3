/**
 * Planted bugs of keys, tenants, rates, readiness, the lock and the forms of entries and heads.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const TENANCY = "gateway/src/keys/tenancy.ts";
const TENANCY_TEST = "gateway/test/keys/tenancy.test.ts";

export const SERVICE_MUTANTS: readonly Mutant[] = [
  {
    name: "a key of several tenants that names none settles anybody's decision",
    file: TENANCY,
    find: "[...principal.tenants][0] : DEFAULT_TENANT);\n  requireTenant",
    replace: "[...principal.tenants][0] : undefined);\n  if (own !== undefined) requireTenant",
    test: TENANCY_TEST,
  },
  {
    name: "a bound key sees decisions without a tenant",
    file: TENANCY,
    find: "principal.tenants.has(tenant ?? DEFAULT_TENANT);",
    replace: "tenant === undefined || principal.tenants.has(tenant);",
    test: TENANCY_TEST,
  },
  {
    name: "a bound key learns that another tenant's decision exists",
    file: TENANCY,
    find: "if (principal.tenants === undefined || !isForeign) return error;",
    replace: "if (principal.tenants === undefined || isForeign || !isForeign) return error;",
    test: TENANCY_TEST,
  },
  {
    name: "a batch costs one request of the rate",
    file: "gateway/src/decisions/batch.ts",
    find: "Math.max(0, requests.length - call.chargedRequests)",
    replace: "0",
    test: "gateway/test/http/rates.test.ts",
  },
  {
    name: "a long body costs one request of the rate",
    file: "gateway/src/http/request-pipeline.ts",
    find: "      this.#parts.rates.charge(principal, more);\n",
    replace: "",
    test: "gateway/test/http/rates.test.ts",
  },
  {
    name: "a bound key may also operate or audit",
    file: "gateway/src/config/read-config.ts",
    find: "scopes.every((scope)",
    replace: "scopes.some((scope)",
    test: "gateway/test/config/config.test.ts",
  },
  {
    name: "a disk that is stuck never shows",
    file: "gateway/src/watch/readiness.ts",
    find: "if (waitingCount > 0 && head.sequence",
    replace: "if (waitingCount < 0 && head.sequence",
    test: "gateway/test/watch/readiness.test.ts",
  },
  {
    name: "a disk without work counts as stuck",
    file: "gateway/src/watch/readiness.ts",
    find: "if (waitingCount > 0 && head.sequence",
    replace: "if (head.sequence",
    test: "gateway/test/watch/readiness.test.ts",
  },
  {
    name: "whatever goes wrong with the lock counts as held by another process",
    file: "engine/src/journal/lock.ts",
    find: "    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;\n    throw error;\n",
    replace: "    if (error !== undefined) return undefined;\n    throw error;\n",
    test: "engine/test/journal/lock.test.ts",
  },
  {
    name: "the lock is let go as soon as it was taken",
    file: "engine/src/journal/lock.ts",
    find: "BEGIN EXCLUSIVE",
    replace: "BEGIN EXCLUSIVE; COMMIT",
    test: "engine/test/journal/lock.test.ts",
  },
  {
    name: "network file systems are taken",
    file: "engine/src/journal/lock.ts",
    find: "  if (name !== undefined) throw",
    replace: '  if (name === "none") throw',
    test: "engine/test/journal/lock.test.ts",
  },
  {
    name: "a tenant may have any number of reservations open",
    file: "engine/src/flows/decide-step.ts",
    find: "account.openCount < this.#ports.openReservationsMax",
    replace: "account.openCount >= 0",
    test: "engine/test/flows/ledger.test.ts",
  },
  {
    name: "an entry that cannot follow looks like a bug of the program",
    file: "engine/src/opening.ts",
    find: "=> applyRead(state, entry, readBody(entry, state)),",
    replace: "=> state.apply(entry.head.sequence, entry.head.at, readBody(entry, state)),",
    test: "engine/test/state/altered-entries.test.ts",
  },
  {
    name: "entries in another form of equal length are accepted",
    file: "kernel/src/entry.ts",
    find: "if (rewritten !== data) throw",
    replace: "if (rewritten.length !== data.length) throw",
    test: "audit/test/canonical-form.test.ts",
  },
  {
    name: "the keyed flag of the second head is not checked",
    file: "cli/src/verify/verify.ts",
    find: "for (const head of heads) requireKey(",
    replace: "for (const head of heads.slice(0, 1)) requireKey(",
    test: "cli/test/journal/keyed.test.ts",
  },
  {
    name: "the journal's own head, named again, counts as one kept elsewhere",
    file: "cli/src/verify/head-anchors.ts",
    find: "isExternal: realPath(file) !== realPath(join(journal, HEAD_FILE))",
    replace: "isExternal: true",
    test: "cli/test/verify/accept-loss.test.ts",
  },
  {
    name: "a missing segment is not reported where the chain continues",
    file: "cli/src/journal/log-lines.ts",
    find: "...(gap !== -1 && {",
    replace: "...(gap < -1 && {",
    test: "cli/test/verify/accept-loss.test.ts",
  },
];
