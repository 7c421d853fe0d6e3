// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of sources.
/**
 * Planted bugs of proofs: the keeper of checkpoints and its files, the tree beside a journal, the witness and its store.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const KEEPER = "engine/src/checkpoint/checkpoint-keeper.ts";
const KEEPER_TEST = "engine/test/checkpoint/checkpoint-keeper.test.ts";
const NOTES = "engine/src/checkpoint/note-files.ts";
const NOTES_TEST = "engine/test/checkpoint/note-files.test.ts";
const TREE = "engine/src/journal/tree-files.ts";
const PROOFS = "engine/src/checkpoint/tree-proofs.ts";
const TREE_TEST = "engine/test/journal/tree-files.test.ts";
const WITNESS_TEST = "cli/test/witness/witness.test.ts";
const STORE = "cli/src/witness/witness-store.ts";
const AUDIT_TREE = "audit/src/tree-check.ts";
const AUDIT_TEST = "audit/test/checkpoints.test.ts";
const COMMAND_TEST = "cli/test/proof/checkpoint-journal.test.ts";

export const PROOF_MUTANTS: readonly Mutant[] = [
  {
    name: "a keeper signs for a journal that is shorter than what was signed",
    file: KEEPER,
    find: "if (found !== undefined && found.treeSize > BigInt(this.#durable)) {",
    replace: "if (found !== undefined && found.treeSize < 0n) {",
    test: KEEPER_TEST,
  },
  {
    name: "a checkpoint is given up by the keeper only when the signer answers",
    file: KEEPER,
    find: "Promise.race([work, late, this.#closed.promise])",
    replace: "Promise.race([work, this.#closed.promise])",
    test: KEEPER_TEST,
  },
  {
    name: "a checkpoint is in a later segment than its tree",
    file: KEEPER,
    find: "journal.endSegmentIfFull() || treeSize < book.segmentFrom",
    replace: "journal.endSegmentIfFull() && treeSize < 0",
    test: KEEPER_TEST,
  },
  {
    name: "a checkpoint has its file before its entry is durable",
    file: KEEPER,
    find: "        await ordered.durable;\n        await this.#keep({ treeSize: BigInt(size), note });\n",
    replace: "        await this.#keep({ treeSize: BigInt(size), note });\n",
    test: KEEPER_TEST,
  },
  {
    name: "the file of a checkpoint that the last process did not write is never written",
    file: KEEPER,
    find: "    await this.#keep({ treeSize: latest.checkpoint.treeSize, note: latest.note });\n",
    replace: "",
    test: KEEPER_TEST,
  },
  {
    name: "a checkpoint is signed because of its own entry",
    file: KEEPER,
    find: "    if (!QUIET.includes(kind)) this.#news = sequence;",
    replace: "    if (kind !== undefined) this.#news = sequence;",
    test: KEEPER_TEST,
  },
  {
    name: "a signature by another key is kept as a checkpoint",
    file: "engine/src/checkpoint/log-signer.ts",
    find: "  if (!(await nodeVerifyEd25519(key.publicKey, toUtf8(text), signature.bytes)))\n",
    replace: '  if (!(await nodeVerifyEd25519(key.publicKey, toUtf8(text), signature.bytes)) && text === "")\n',
    test: KEEPER_TEST,
  },
  {
    name: "notes that are kept at once write one file at once",
    file: NOTES,
    find: "const kept = this.#keeping.then(() => this.#keep(treeSize, note));",
    replace: "const kept = this.#keep(treeSize, note);",
    test: NOTES_TEST,
  },
  {
    name: "a note with more signatures replaces a newer checkpoint",
    file: NOTES,
    find: "if (treeSize >= this.#newest) await",
    replace: "if (treeSize >= 0n) await",
    test: NOTES_TEST,
  },
  {
    name: "the tree of entries that were cut stays beside the journal",
    file: TREE,
    find: "if (file.size() > bytesAt(level, treeSize)) file.truncate(bytesAt(level, treeSize));",
    replace: "",
    test: TREE_TEST,
  },
  {
    name: "hashes of the tree are kept by reference, and written over",
    file: TREE,
    find: "row.pending.push(hashes.slice());",
    replace: "row.pending.push(hashes);",
    test: TREE_TEST,
  },
  {
    name: "a torn file of the tree counts as whole",
    file: TREE,
    find: "if (size < bytesAt(level, treeSize)) return false;",
    replace: "if (size < 0) return false;",
    test: TREE_TEST,
  },
  {
    name: "a level of the tree is read from one hash later",
    file: TREE,
    find: "const read = file.read(bytes.subarray(held), from * HASH_BYTES + held);",
    replace: "const read = file.read(bytes.subarray(held), (from + 1) * HASH_BYTES + held);",
    test: TREE_TEST,
  },
  {
    name: "an inclusion proof is given from hashes that were damaged",
    file: PROOFS,
    find: "if (!isIncluded({ leafIndex: index, treeSize, leaf, root, proof }, nodeSha256)) throw damaged(treeSize);",
    replace:
      "if (!isIncluded({ leafIndex: index, treeSize, leaf, root, proof }, nodeSha256) && index < 0n) throw leaf;",
    test: TREE_TEST,
  },
  {
    name: "a consistency proof is given from hashes that were damaged",
    file: PROOFS,
    find: "if (!isConsistent({ ...sizes, ...roots, proof }, nodeSha256)) throw damaged(treeSize);",
    replace: "if (!isConsistent({ ...sizes, ...roots, proof }, nodeSha256) && from < 0n) throw roots;",
    test: TREE_TEST,
  },
  {
    name: "a witness signs before it has kept what it signs",
    file: "cli/src/witness/witness-answers.ts",
    find: "    store.keep(origin, request.checkpoint);\n",
    replace: "",
    test: WITNESS_TEST,
  },
  {
    name: "a witness takes the state of one log for that of another",
    file: STORE,
    find: "if (kept !== origin) throw new Error(`it is of ${kept}`);",
    replace: "if (kept === undefined) throw new Error(`it is of ${kept}`);",
    test: WITNESS_TEST,
  },
  {
    name: "a witness begins anew where its state cannot be read",
    file: STORE,
    find: '      throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: file, problem: (cause as Error).message }, { cause });\n    }\n  }\n\n  /** The last cosigned checkpoint',
    replace: "      return freshWitnessState(nodeSha256);\n    }\n  }\n\n  /** The last cosigned checkpoint",
    test: WITNESS_TEST,
  },
  {
    name: "checkpoint create signs a journal without its latest checkpoint",
    file: "cli/src/proof/checkpoint-create.ts",
    find: "  if (before !== undefined) requireExtended(directory, tree, before, start);\n",
    replace: "",
    test: COMMAND_TEST,
  },
  {
    name: "checkpoint create signs entries whose hash is not that of their data",
    file: "cli/src/proof/journal-tree.ts",
    find: "if (line === undefined || !isNext || chain(line.previousHash, line.data) !== line.entryHash)",
    replace: 'if (line === undefined || !isNext || chain(line.previousHash, line.data) === "")',
    test: COMMAND_TEST,
  },
  {
    name: "checkpoint create continues any tree that a snapshot contains",
    file: "cli/src/proof/snapshot-start.ts",
    find: " || treeRootOf(tree, nodeSha256) !== bound)",
    replace: ")",
    test: COMMAND_TEST,
    title: "from the newest snapshot",
  },
  {
    name: "checkpoint create from a snapshot forks the log of an earlier checkpoint",
    file: "cli/src/proof/checkpoint-create.ts",
    find: "  else if (!isBefore(directory, start, checkpoint)) throw notPart(checkpoint);\n",
    replace: "",
    test: COMMAND_TEST,
    title: "from the newest snapshot",
  },
  {
    name: "the audit goes on with the frontier of a segment before",
    file: "audit/src/content.ts",
    find: "    this.#tree.segment();\n",
    replace: "",
    test: AUDIT_TEST,
  },
  {
    name: "the audit takes any signed root of an earlier size",
    file: AUDIT_TREE,
    find: "if (found !== undefined && !equalBytes(found, root))",
    replace: "if (found !== undefined && found.byteLength !== root.byteLength)",
    test: AUDIT_TEST,
  },
  {
    name: "the audit takes a checkpoint without a signature by the key that was given",
    file: AUDIT_TREE,
    find: "known.length > 0 && known.every(",
    replace: "known.every(",
    test: AUDIT_TEST,
  },
  {
    name: "the audit keeps the hashes that a checkpoint has taken in",
    file: AUDIT_TREE,
    find: "    this.#count -= more;\n",
    replace: "",
    test: AUDIT_TEST,
  },
];
