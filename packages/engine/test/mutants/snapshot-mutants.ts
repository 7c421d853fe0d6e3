/**
 * Planted bugs of state snapshots: how they are taken, written, bound and taken back.
 * @module
 */
import type { Mutant } from "./mutants.ts";

export const SNAPSHOT_MUTANTS: readonly Mutant[] = [
  {
    name: "a snapshot with another digest, or of another journal, is used",
    file: "snapshot/start-point.ts",
    find: "if (lines.digest.finish(sequence) !== snapshotDigest)",
    replace: 'if (lines.digest.finish(sequence) === "")',
    search: "snapshot",
  },
  {
    name: "identities beside a snapshot are not held to it",
    file: "snapshot/start-point.ts",
    find: "if (lines.end !== lines.late.end(snapshotDigest))",
    replace: "if (lines.end === undefined)",
    search: "snapshot",
  },
  {
    name: "the Merkle tree in a snapshot is not held to the state entry",
    file: "snapshot/start-point.ts",
    find: "if (tree.treeSize !== sequence || treeRootOf(tree, nodeSha256) !== treeRoot)",
    replace: "if (tree.treeSize > sequence)",
    search: "snapshot",
  },
  {
    name: "a snapshot holds the tree of a later entry than it was taken at",
    file: "snapshot/snapshot-keeper.ts",
    find: "if (this.#taken?.sequence === durable)",
    replace: "if (this.#taken !== undefined)",
    search: "snapshot",
  },
  {
    name: "a tree that grows by a batch keeps a root that has its sibling now",
    file: "journal/tree-batch.ts",
    find: "      this.#roots[level] = last;\n",
    replace: "      this.#roots[level] ??= last;\n",
    search: "snapshot",
  },
  {
    name: "recovery does not go on with the Merkle tree",
    file: "journal/recovery.ts",
    find: "    tree.apply(parsed.sequence, parsed.entryHash);\n",
    replace: "",
    search: "snapshot",
  },
  {
    name: "a torn snapshot has its name, because it was not synced",
    file: "snapshot/snapshot-keeper.ts",
    find: "      await file.sync();\n",
    replace: "",
    search: "crash",
    workload: "snapshots",
  },
  {
    name: "a snapshot is written before the entry that binds it is durable",
    file: "snapshot/snapshot-keeper.ts",
    find: "this.#durable <= snapshot.sequence || ",
    replace: "",
    search: "crash",
    workload: "snapshots",
  },
  {
    name: "a stale page: one that changed keeps its digest",
    file: "snapshot/pages.ts",
    find: "    page.digest = undefined;\n",
    replace: "",
    search: "snapshot",
  },
  {
    name: "a page that a snapshot holds is written to",
    file: "snapshot/pages.ts",
    find: "      page.bytes = page.bytes.slice();\n",
    replace: "",
    search: "snapshot",
  },
  {
    name: "rows of tenants that changed are stale",
    file: "snapshot/row-pages.ts",
    find: "    this.#lines.delete(Math.floor(row / this.#rows));\n",
    replace: "",
    search: "snapshot",
  },
  {
    name: "pages of open reservations are not marked when one is closed",
    file: "ledger/open-table.ts",
    find: "    this.#size -= 1;\n    this.#lines = undefined;\n",
    replace: "    this.#size -= 1;\n",
    search: "snapshot",
  },
  {
    name: "what the digest of the state has of a tenant that changed is stale",
    file: "ledger/tenants.ts",
    find: "    this.#states[account.index] = undefined;\n",
    replace: "",
    search: "snapshot",
  },
  {
    name: "request ids are not taken back from a snapshot",
    file: "state/request-index.ts",
    find: "    const isFirstPage = this.#log.next === 0;\n",
    replace: "    const isFirstPage = this.#log.next === 0;\n    if (isFirstPage) return;\n",
    search: "snapshot",
  },
  {
    name: "tenants have no room after a start from a snapshot",
    file: "ledger/ledger.ts",
    find: "        drive(this.cells.credit(account.index, headroomOf(account)));\n",
    replace: "",
    search: "snapshot",
  },
  {
    name: "only one snapshot is kept",
    file: "snapshot/kept-snapshots.ts",
    find: "export const SNAPSHOTS_KEPT_MAX = 8;",
    replace: "export const SNAPSHOTS_KEPT_MAX = 1;",
    search: "snapshot",
  },
];
