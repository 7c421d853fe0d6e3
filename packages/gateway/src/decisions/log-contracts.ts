/**
 * The operations that serve the journal's Merkle tree as a log (C2SP tlog-tiles): its newest checkpoint, and its tiles.
 * Paths follow that specification, below `/log`.
 * @module
 */
import type { RouteContract } from "../http/route-contract.ts";

export type LogOperation = "logCheckpoint" | "logTile" | "logTile2" | "logTile3" | "logTile4";

const SCOPES: RouteContract["scopes"] = ["audit", "operate", "decide"];

/** Each path segment holds three digits of a tile's number; a partial tile has one more segment with its width. */
function tile(parts: string): Omit<RouteContract, "name"> {
  return {
    method: "GET",
    path: `/log/tile/{level}/${parts}`,
    summary: "Get a tile of the journal's Merkle tree",
    scopes: SCOPES,
    answer: "application/octet-stream",
  };
}

export const LOG_CONTRACTS: { readonly [Name in LogOperation]: Omit<RouteContract, "name"> } = {
  logCheckpoint: {
    method: "GET",
    path: "/log/checkpoint",
    summary: "Get the newest checkpoint of the journal, a signed note",
    scopes: SCOPES,
    answer: "text/plain; charset=utf-8",
  },
  logTile: tile("{a}"),
  logTile2: tile("{a}/{b}"),
  logTile3: tile("{a}/{b}/{c}"),
  logTile4: tile("{a}/{b}/{c}/{d}"),
};
