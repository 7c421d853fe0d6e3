/**
 * Proofs over HTTP: that an entry, or an earlier tree, is part of the journal's newest checkpoint.
 * @module
 */
import {
  CalybrisError,
  type Checkpoint,
  fromHex,
  parseCheckpoint,
  parseEntryLine,
  parseNote,
  toBase64,
} from "@calybris/kernel";
import { apiJson } from "../http/error-dialect.ts";
import type { Handler } from "../http/route-contract.ts";
import type { ApiContext } from "./api-context.ts";
import type { ProofOperation } from "./proof-contracts.ts";

type Engine = ApiContext["engine"];

export function proofHandlers({ engine }: ApiContext): { readonly [Name in ProofOperation]: Handler } {
  return {
    inclusionProof: async ({ query }) => {
      const sequence = Number(query["sequence"]);
      const { note, checkpoint } = await newest(engine);
      if (checkpoint.treeSize < sequence) throw uncovered(sequence, checkpoint.treeSize);
      const entryHash = await entryHashAt(engine, sequence);
      const hashes = engine.checkpoints.proofs.inclusion(sequence, fromHex(entryHash) as Uint8Array, checkpoint);
      return { body: apiJson({ index: sequence - 1, entryHash, hashes: hashes.map(toBase64), checkpoint: note }) };
    },
    consistencyProof: async ({ query }) => {
      const from = Number(query["from"]);
      const { note, checkpoint } = await newest(engine);
      const hashes = engine.checkpoints.proofs.consistency(BigInt(from), checkpoint);
      return { body: apiJson({ from, hashes: hashes.map(toBase64), checkpoint: note }) };
    },
  };
}

async function newest({ checkpoints }: Engine): Promise<{ readonly note: string; readonly checkpoint: Checkpoint }> {
  const note = await checkpoints.note();
  if (note === undefined) throw uncovered(1);
  return { note, checkpoint: parseCheckpoint(parseNote(note).text) };
}

async function entryHashAt({ reading }: Engine, sequence: number): Promise<string> {
  let line = "";
  for await (const bytes of reading.lines(sequence, sequence)) line += bytes.toString("utf8");
  const entry = parseEntryLine(line.trimEnd());
  if (entry === undefined) throw rejected(`covers entry ${sequence}, which cannot be read`);
  return entry.entryHash;
}

function uncovered(needed: number, treeSize?: bigint): CalybrisError {
  return new CalybrisError("CAL_PROOF_UNCOVERED", { needed, treeSize });
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
