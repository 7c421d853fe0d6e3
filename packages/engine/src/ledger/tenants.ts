/**
 * The tenants of a ledger with their accounts, and the grants, also as a state snapshot holds them.
 * @module
 */
import type { SnapshotMembers } from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";
import { RowPages } from "../snapshot/row-pages.ts";
import type { Account } from "./account.ts";
import { tenantStateText } from "./ledger-digest.ts";
import { type Granted, grantText, restoredGrant, restoredTenant, tenantText } from "./ledger-snapshot.ts";

/** Few, because each changes often. */
const TENANTS_IN_A_PAGE = 64;
const GRANTS_IN_A_PAGE = 1_024;

export class Tenants {
  readonly #accounts = new Map<string, Account>();
  /** In the order of their cells. */
  readonly #byIndex: Account[] = [];
  readonly #grants = new Map<string, Granted>();
  /** In the order in which they were made. */
  readonly #granted: Granted[] = [];
  readonly #accountPages: RowPages = new RowPages("tenants", TENANTS_IN_A_PAGE);
  /** Each account's part of the state digest; `undefined` after a change. */
  readonly #states: (string | undefined)[] = [];
  readonly #grantPages: RowPages = new RowPages("grants", GRANTS_IN_A_PAGE);

  get count(): number {
    return this.#byIndex.length;
  }

  /** In the order of their cells. */
  get accounts(): readonly Account[] {
    return this.#byIndex;
  }

  get(tenant: string): Account | undefined {
    return this.#accounts.get(tenant);
  }

  add(account: Account): void {
    this.#accounts.set(account.tenant, account);
    this.#byIndex.push(account);
    this.touch(account);
  }

  /** Call after a change of an account. */
  touch(account: Account): void {
    this.#accountPages.touch(account.index);
    this.#states[account.index] = undefined;
  }

  grantOf(id: string): Granted | undefined {
    return this.#grants.get(id);
  }

  grant(granted: Granted): void {
    this.#grants.set(granted.id, granted);
    this.#grantPages.touch(this.#granted.push(granted) - 1);
  }

  /** `tenantStateText` of each account, in the order of their cells; recomputed only after a change. */
  states(): readonly string[] {
    return this.#byIndex.map((account) => (this.#states[account.index] ??= tenantStateText(account)));
  }

  *lines(): Generator<SnapshotLine> {
    yield* this.#accountPages.lines(this.count, (index) => tenantText(this.#byIndex[index] as Account));
    yield* this.#grantPages.lines(this.#granted.length, (index) => grantText(this.#granted[index] as Granted));
  }

  /** Throws RangeError for an invalid line. */
  restoreAccounts(members: SnapshotMembers, onAccount: (account: Account) => void): void {
    for (const row of members.objects("rows")) {
      const account = restoredTenant(row, this.count, (tenant) => this.get(tenant));
      this.add(account);
      onAccount(account);
    }
  }

  /** Throws RangeError for an invalid line. */
  restoreGrants(members: SnapshotMembers): void {
    for (const row of members.objects("rows")) this.grant(restoredGrant(row));
  }
}
