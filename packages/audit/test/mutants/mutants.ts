/**
 * Planted bugs of router and audit: each is one text of the source replaced by another and must turn the named test red.
 * @module
 */
import { CALL_MUTANTS } from "./call-mutants.ts";
import { ENTRY_MUTANTS } from "./entry-mutants.ts";
import { GATEWAY_MUTANTS } from "./gateway-mutants.ts";
import { OFFSET_MUTANTS } from "./offset-mutants.ts";
import { PARTS_MUTANTS } from "./parts-mutants.ts";
import { SERVICE_MUTANTS } from "./service-mutants.ts";
import { SPENDING_MUTANTS } from "./spending-mutants.ts";

export interface Mutant {
  /** What the bug does. */
  readonly name: string;
  /** Where it is planted, below `packages/`. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The test file that must turn red, below `packages/`. */
  readonly test: string;
  /** Of its tests, those whose title has this in it. */
  readonly title?: string;
}

const ROUTER = "engine/src/router/router.ts";
const FLOORS = "engine/src/router/floors.ts";
const POLICY_CHANGES = "audit/test/policy-changes.test.ts";
const HISTORIES = "audit/test/histories/histories.test.ts";
const REQUEST_LIES = "audit/test/request-lies.test.ts";
const PERIOD_LIES = "audit/test/period-lies.test.ts";

const OF_THE_ENGINE: readonly Mutant[] = [
  {
    name: "scores are measured against features that are gone",
    file: ROUTER,
    find: "    this.#standard = NO_STANDARD;\n    this.#prior",
    replace: "    this.#prior",
    test: POLICY_CHANGES,
  },
  {
    name: "a prior outlives its features",
    file: ROUTER,
    find: "    this.#prior = undefined;\n    this.#seen",
    replace: "    this.#seen",
    test: POLICY_CHANGES,
  },
  {
    name: "a certificate outlives the features",
    file: ROUTER,
    find: "    this.tables.clear();\n    this.floors.voidCertificate();\n  }\n\n  #forgetTiers",
    replace: "    this.tables.clear();\n  }\n\n  #forgetTiers",
    test: POLICY_CHANGES,
  },
  {
    name: "a warm-up goes on with the requests of another",
    file: ROUTER,
    find: "    this.#seen = [];\n    this.#statistics",
    replace: "    this.#statistics",
    test: HISTORIES,
  },
  {
    name: "outcomes of regimes that have ended teach",
    file: ROUTER,
    find: "      this.floors.redistribute();\n      this.#regimesSince = sequence;\n    }\n    this.#boundaries = undefined;",
    replace: "      this.floors.redistribute();\n    }\n    this.#boundaries = undefined;",
    test: POLICY_CHANGES,
  },
  {
    name: "what was observed in one regime is taken for another",
    file: ROUTER,
    find: "      this.floors.redistribute();\n      this.#regimesSince = sequence;\n    }\n    this.#boundaries = undefined;",
    replace: "      this.#regimesSince = sequence;\n    }\n    this.#boundaries = undefined;",
    test: POLICY_CHANGES,
  },
  {
    name: "a table is drawn from with the exploration of before",
    file: ROUTER,
    find: "    if (policy.learning?.explorationBps !== before.learning?.explorationBps) this.tables.clear();\n",
    replace: "",
    test: POLICY_CHANGES,
  },
  {
    name: "beliefs of other tiers are kept",
    file: ROUTER,
    find: "    this.beliefs.forget();\n",
    replace: "",
    test: HISTORIES,
  },
  {
    name: "a failure lowers a floor beyond the tracker's range",
    file: FLOORS,
    find: "return Math.max(floor, Math.min(floor + step, FLOOR_MAX_BPS));",
    replace: "return Math.min(floor + step, FLOOR_MAX_BPS);",
    test: POLICY_CHANGES,
  },
  {
    name: "a success raises a floor beyond the tracker's range",
    file: FLOORS,
    find: "return Math.min(floor, Math.max(floor - step, FLOOR_MIN_BPS));",
    replace: "return Math.max(floor - step, FLOOR_MIN_BPS);",
    test: POLICY_CHANGES,
  },
  {
    name: "a contradicted success lowers a floor",
    file: FLOORS,
    find: "else if (!contradicted) known.tracker[regime] = lowered",
    replace: "else known.tracker[regime] = lowered",
    test: POLICY_CHANGES,
  },
  {
    name: "overflow is checked on the last level only",
    file: "engine/src/ledger/refusals.ts",
    find: "  for (const { account } of found.parts) {\n    const refusal",
    replace: "  for (const { account } of found.parts.slice(-1)) {\n    const refusal",
    test: "engine/test/ledger/overflow.test.ts",
  },
  {
    name: "the retention of request ids is ignored",
    file: "engine/src/state/request-ids.ts",
    find: " || now - head.at > REQUEST_ID_RETENTION_US",
    replace: "",
    test: "engine/test/state/request-id-retention.test.ts",
  },
  {
    name: "periods begin by a clock that stepped back",
    file: "engine/src/journal/placement.ts",
    find: "return Math.max(this.#at, this.#ports.nowUs());",
    replace: "return this.#ports.nowUs();",
    test: "audit/test/clock-steps.test.ts",
  },
  {
    name: "a period overlaps the last one when time zones change",
    file: "engine/src/ledger/periods.ts",
    find: "isSameRule ? Math.max(startsAt, before.endsAt) : startsAt",
    replace: "startsAt",
    test: "engine/test/ledger/periods.test.ts",
  },
  {
    name: "an outcome is marked under another decision",
    file: "engine/src/state/outcome-index.ts",
    find: "    bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));\n",
    replace: "    bytes[bit >> 3] = (bytes[bit >> 3] as number) | (2 << (bit & 7));\n",
    test: "engine/test/state/outcome-index.test.ts",
  },
];

const OF_THE_AUDIT: readonly Mutant[] = [
  {
    name: "an expiry a second early is accepted",
    file: "audit/src/money.ts",
    find: 'if (kind === "expiry" && at < claim.expiresAt)',
    replace: 'if (kind === "expiry" && at + 1_000_000 < claim.expiresAt)',
    test: "audit/test/money-lies.test.ts",
  },
  {
    name: "a period may have any length",
    file: "audit/src/period-check.ts",
    find: "if (lengthUs < leastUs || lengthUs > mostUs)",
    replace: "if (lengthUs < 0)",
    test: PERIOD_LIES,
  },
  {
    name: "a day has twenty-four hours everywhere",
    file: "audit/src/period-check.ts",
    find: "day: { leastUs: 20 * HOUR_US, mostUs: 28 * HOUR_US }",
    replace: "day: { leastUs: 24 * HOUR_US, mostUs: 24 * HOUR_US }",
    test: PERIOD_LIES,
  },
  {
    name: "a period may be over before its entry",
    file: "audit/src/period-check.ts",
    find: "if (at < startsAt || at >= endsAt + CLOCK_SLACK_US)",
    replace: "if (at < startsAt)",
    test: PERIOD_LIES,
  },
  {
    name: "a period may begin before the last one ends",
    file: "audit/src/period-check.ts",
    find: "if (isSameRule && startsAt < before.period.endsAt)",
    replace: "if (isSameRule && startsAt < 0)",
    test: PERIOD_LIES,
  },
  {
    name: "the first period may have any number",
    file: "audit/src/period-check.ts",
    find: 'if (index !== 1) yield ["period 1 as the first"',
    replace: 'if (index < 1) yield ["period 1 as the first"',
    test: PERIOD_LIES,
  },
  {
    name: "skipped periods are not counted",
    file: "audit/src/period-check.ts",
    find: "return isEnough && gapUs <= (count + slack) * mostUs + shiftUs;",
    replace: "return isEnough;",
    test: PERIOD_LIES,
  },
  {
    name: "who spends needs no period",
    file: "audit/src/account-check.ts",
    find: "  if (limit.period === undefined) return;\n  const endsAt",
    replace: "  if (limit !== undefined) return;\n  const endsAt",
    test: "audit/test/money-lies.test.ts",
  },
  {
    name: "defaults are not compared",
    file: "audit/src/request-check.ts",
    find: "if (!isRecommended && expected !== found)",
    replace: "if (isRecommended && expected !== found)",
    test: REQUEST_LIES,
  },
  {
    name: "a use case is looked for in the prototype",
    file: "audit/src/request-check.ts",
    find: "return Object.hasOwn(useCases, name) ? useCases[name] : undefined;",
    replace: "return useCases[name];",
    test: REQUEST_LIES,
  },
  {
    name: "any tenant may be one that was not named",
    file: "audit/src/request-check.ts",
    find: "if (tenant !== DEFAULT_TENANT)",
    replace: 'if (tenant === "")',
    test: REQUEST_LIES,
  },
  ...SPENDING_MUTANTS,
  {
    name: "a mask may hold bits that have no name",
    file: "audit/src/request-check.ts",
    find: "if (mask !== 0n && mask >= 1n << BigInt(names.length))",
    replace: "if (mask >= 1n << 64n)",
    test: REQUEST_LIES,
  },
  {
    name: "any candidate may be requested",
    file: "audit/src/request-check.ts",
    find: "if (!isKnown) report(",
    replace: "if (isKnown === undefined) report(",
    test: REQUEST_LIES,
  },
  {
    name: "tokens that stand for features are not compared",
    file: "audit/src/request-check.ts",
    find: "names.length === 0 ? features.join() !== tokens.join()",
    replace: "names.length === 0 ? features.length !== tokens.length",
    test: REQUEST_LIES,
  },
  {
    name: "an id may be decided twice",
    file: "audit/src/content.ts",
    find: "    if (before !== undefined)\n",
    replace: "    if (before !== undefined && before < 0)\n",
    test: REQUEST_LIES,
  },
  {
    name: "the retention ends a microsecond early",
    file: "audit/src/request-ids.ts",
    find: "at - before.at <= RETENTION_US",
    replace: "at - before.at < RETENTION_US",
    test: "audit/test/request-ids.test.ts",
  },
  {
    name: "tenants share their ids",
    file: "audit/src/request-ids.ts",
    find: "    const digest = this.#sha256(toUtf8(",
    replace: "    tenant = DEFAULT_TENANT;\n    const digest = this.#sha256(toUtf8(",
    test: "audit/test/request-ids.test.ts",
  },
  {
    name: "a shortage may be left out",
    file: "audit/src/shortage.ts",
    find: "if (most > headroom)\n      report(",
    replace: "if (most < 0n)\n      report(",
    test: REQUEST_LIES,
  },
  {
    name: "a warm-up may go on for ever",
    file: "audit/src/learning/learning-check.ts",
    find: "if (this.fold.areRegimesDue) report(",
    replace: "if (sequence < 0) report(",
    test: REQUEST_LIES,
  },
  {
    name: "holdouts that cannot be are accepted",
    file: "audit/src/learning/learning-check.ts",
    find: "holdout ? holdoutBps === 0 : holdoutBps === BPS_MAX",
    replace: "holdoutBps < 0",
    test: REQUEST_LIES,
  },
  {
    name: "the seed is not compared with its digest",
    file: "audit/src/content.ts",
    find: "given !== undefined && entry.seedDigest !== undefined && given !== entry.seedDigest",
    replace: "given !== undefined && entry.seedDigest === given && given === ''",
    test: REQUEST_LIES,
  },
  {
    name: "draws are those of the next decision",
    file: "audit/src/learning/seeded-draws.ts",
    find: "Number(decision % DECISIONS_IN_BLOCK) * 8",
    replace: "Number((decision + 1n) % DECISIONS_IN_BLOCK) * 8",
    test: REQUEST_LIES,
  },
  {
    name: "a prior may name other features than the policy",
    file: "audit/src/learning/learning-check.ts",
    find: "      prior.features.map(({ name }) => name),\n",
    replace: "      wanted,\n",
    test: "audit/test/certificate-lies.test.ts",
  },
  {
    name: "a tree may lead back to its root",
    file: "audit/src/learning/prior-json.ts",
    find: "left > node && left + 1 < count",
    replace: "left + 1 < count",
    test: "audit/test/certificate-lies.test.ts",
  },
  {
    name: "a table may be off by any number of units",
    file: "audit/src/learning/table.ts",
    find: "const UNITS_MOST = 16;",
    replace: "const UNITS_MOST = 1_000;",
    test: "audit/test/learning-lies.test.ts",
  },
  {
    name: "a decision may have two outcomes",
    file: "audit/src/learning/learning-check.ts",
    find: "else if (this.#kept.isReported(of)) report(",
    replace: "else if (this.#kept.isReported(of)) void (",
    test: "audit/test/learning-lies.test.ts",
  },
  {
    name: "nothing is said of a missing key",
    file: "audit/src/unestablished.ts",
    find: "  if (!isKeyed)\n",
    replace: "  if (isKeyed)\n",
    test: "audit/test/unestablished.test.ts",
  },
  {
    name: "nothing is said of a missing head.mac",
    file: "audit/src/unestablished.ts",
    find: "else if (headMac === undefined)",
    replace: "else if (headMac !== undefined)",
    test: "audit/test/unestablished.test.ts",
  },
  {
    name: "nothing is said of entries behind the head that has a MAC",
    file: "audit/src/unestablished.ts",
    find: "headMac.sequence < last)",
    replace: "headMac.sequence > last)",
    test: "audit/test/unestablished.test.ts",
  },
  {
    name: "nothing is said of entries behind the head that is kept elsewhere",
    file: "audit/src/unestablished.ts",
    find: "else if (externalHead < last)",
    replace: "else if (externalHead > last)",
    test: "audit/test/unestablished.test.ts",
  },
  {
    name: "a wrong MAC of the head is not reported",
    file: "audit/src/audit.ts",
    find: "if (this.#headMac?.isWrong === true &&",
    replace: "if (this.#headMac?.isWrong === undefined &&",
    test: "audit/test/unestablished.test.ts",
  },
  {
    name: "a missing head is not reported",
    file: "audit/src/audit.ts",
    find: "durable ?? 0) > 0;",
    replace: "durable ?? 0) < 0;",
    test: "audit/test/unestablished.test.ts",
  },
  {
    name: "a head in the journal's own directory counts as one kept elsewhere",
    file: "audit/src/unestablished.ts",
    find: "if (isExternal === true) external.push(sequence);",
    replace: "if (isExternal !== null) external.push(sequence);",
    test: "audit/test/unestablished.test.ts",
  },
  {
    name: "the regimes of before are still those of the fold",
    file: "audit/src/learning/learning-fold.ts",
    find: "    this.#boundaries = undefined;\n    this.#score",
    replace: "    this.#score",
    test: HISTORIES,
  },
];

export const MUTANTS: readonly Mutant[] = [
  ...OF_THE_ENGINE,
  ...OF_THE_AUDIT,
  ...CALL_MUTANTS,
  ...ENTRY_MUTANTS,
  ...OFFSET_MUTANTS,
  ...PARTS_MUTANTS,
  ...SERVICE_MUTANTS,
  ...GATEWAY_MUTANTS,
];
