/**
 * The journal's Merkle tree as a log over HTTP, for monitors and witnesses. Tiles are immutable, so they may be cached
 * forever; the checkpoint may not.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { Handler } from "../http/route-contract.ts";
import type { ApiContext } from "./api-context.ts";
import type { LogOperation } from "./log-contracts.ts";

const FOR_EVER = ["cache-control", "public, max-age=31536000, immutable"];
const NOW_ONLY = ["cache-control", "no-cache"];

export function logHandlers({ engine }: ApiContext): { readonly [Name in LogOperation]: Handler } {
  const tile: Handler = ({ parameters }) => {
    const { level = "", a, b, c, d } = parameters;
    const path = ["tile", level, a, b, c, d].filter((part) => part !== undefined).join("/");
    const body = tileAt(engine.checkpoints.proofs, path);
    if (body === undefined) throw unknown(`/log/${path}`);
    return { body, contentType: "application/octet-stream", headers: FOR_EVER };
  };
  return {
    logCheckpoint: async () => {
      const body = await engine.checkpoints.note();
      if (body === undefined) throw unknown("/log/checkpoint");
      return { body, contentType: "text/plain; charset=utf-8", headers: NOW_ONLY };
    },
    logTile: tile,
    logTile2: tile,
    logTile3: tile,
    logTile4: tile,
  };
}

function tileAt(proofs: ApiContext["engine"]["checkpoints"]["proofs"], path: string): Uint8Array | undefined {
  try {
    return proofs.tile(path);
  } catch (error) {
    if (error instanceof CalybrisError && error.code === "CAL_PROOF_MALFORMED") return undefined;
    throw error;
  }
}

function unknown(path: string): GatewayError {
  return new GatewayError("CAL_GATEWAY_ROUTE_UNKNOWN", { method: "GET", path });
}
