/**
 * The schemas and contracts of the operations that prove that entries are in the log.
 * @module
 */
import { z } from "zod";
import type { RouteContract } from "../http/route-contract.ts";
import { sequenceText } from "./call-shapes.ts";
import { count, digest, named, text } from "./shape-parts.ts";

export type ProofOperation = "inclusionProof" | "consistencyProof";

const SCOPES: RouteContract["scopes"] = ["audit", "operate", "decide"];

const hashes = z
  .array(text("32 bytes in base64."))
  .meta({ description: "The path of the proof, from the leaf to the root." });
const checkpoint = text("The newest checkpoint, a signed note. Verify it with the log's key first.");

const inclusionShape: z.ZodType = named(
  "InclusionProof",
  z.object({
    index: count("Index of the leaf, from 0: the sequence minus 1."),
    entryHash: digest("Hash of the entry. The leaf hash is the SHA-256 of a zero byte followed by these 32 bytes."),
    hashes,
    checkpoint,
  }),
  "Proves that an entry is in the tree of the checkpoint (RFC 9162, section 2.1.3).",
);

const consistencyShape: z.ZodType = named(
  "ConsistencyProof",
  z.object({ from: count("Number of entries of the earlier tree."), hashes, checkpoint }),
  "Proves that an earlier tree is a prefix of the checkpoint's tree (RFC 9162, section 2.1.4).",
);

export const PROOF_CONTRACTS: { readonly [Name in ProofOperation]: Omit<RouteContract, "name"> } = {
  inclusionProof: {
    method: "GET",
    path: "/v1/proofs/inclusion",
    summary: "Prove that an entry is in the newest checkpoint",
    description: "Returns `CAL_PROOF_UNCOVERED` while no checkpoint covers the entry.",
    scopes: SCOPES,
    requiresQuery: true,
    query: z.strictObject({ sequence: sequenceText("the entry") }),
    answer: inclusionShape,
  },
  consistencyProof: {
    method: "GET",
    path: "/v1/proofs/consistency",
    summary: "Prove that the newest checkpoint extends an earlier one",
    description: "Returns `CAL_PROOF_UNCOVERED` while the newest checkpoint has fewer entries.",
    scopes: SCOPES,
    requiresQuery: true,
    query: z.strictObject({ from: sequenceText("number of entries of the earlier checkpoint") }),
    answer: consistencyShape,
  },
};
