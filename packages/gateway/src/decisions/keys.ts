/**
 * API keys over HTTP: create, list, rotate, revoke. The journal records a key's permissions and its creator; the secret is
 * shown once and not stored.
 * @module
 */
import type { CreatedKey } from "@calybris/engine";
import {
  type CalybrisError,
  type ExactJson,
  type KeyIdentity,
  type KeyTerms,
  keyIdentity,
  keyTerms,
} from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { GatewayError } from "../gateway-errors.ts";
import { apiJson } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { type ClaimBody, callerOf } from "../keys/caller.ts";
import { createKey, type Principal } from "../keys/keyring.ts";
import type { ApiContext } from "./api-context.ts";
import { limitOf } from "./budgets.ts";

type Handlers = { readonly [Name in "createKey" | "keys" | "rotateKey" | "revokeKey"]: Handler };

export function keyHandlers(context: ApiContext): Handlers {
  return {
    createKey: (call) => create(context, call),
    keys: () => ({ body: apiJson({ keys: context.engine.keys.created().map(shown) }) }),
    rotateKey: (call) => rotate(context, call),
    revokeKey: (call) => revoke(context, call),
  };
}

interface KeyBody extends Omit<KeyIdentity, "sha256">, KeyTerms, ClaimBody {
  readonly budget?: { readonly [key: string]: ExactJson };
}

async function create(context: ApiContext, { principal, body }: Call): Promise<Reply> {
  const { engine } = context;
  const asked = body as KeyBody;
  requireNarrower(principal, asked);
  requireBindable(asked);
  const { key, sha256 } = createKey();
  const caller = callerOf(engine, principal, asked);
  if (asked.budget !== undefined) await engine.ledger.apply(limitOf(context, tenantOf(asked), asked.budget), caller);
  const made = { ...keyIdentity({ ...asked, sha256 }), ...keyTerms(asked) };
  const id = await engine.keys.create(made, caller);
  return answer(context, id, key);
}

async function rotate(context: ApiContext, { principal, parameters }: Call): Promise<Reply> {
  const { sequence, identity, terms } = find(context, parameters["id"]);
  requireNarrower(principal, identity);
  const { key, sha256 } = createKey();
  const caller = callerOf(context.engine, principal);
  return answer(context, await context.engine.keys.create({ ...identity, ...terms, sha256 }, caller, sequence), key);
}

async function revoke(context: ApiContext, { principal, parameters }: Call): Promise<Reply> {
  const { sequence } = find(context, parameters["id"]);
  await context.engine.keys.revoke(sequence, callerOf(context.engine, principal));
  context.keysChanged();
  return { body: apiJson({ id: sequence, revoked: true }) };
}

function answer(context: ApiContext, id: number, key: string): Reply {
  context.keysChanged();
  const created = context.engine.keys.created().find(({ sequence }) => sequence === id);
  // It may have been revoked before its entry was durable.
  if (created === undefined) throw new GatewayError("CAL_GATEWAY_KEY_UNKNOWN", { id: String(id) });
  return { body: apiJson({ ...shown(created), key }) };
}

function shown({ sequence, identity, terms }: CreatedKey): object {
  const { sha256: _, ...known } = identity;
  const expired = terms.expiresAt !== undefined && Date.now() * 1_000 >= terms.expiresAt;
  return { id: sequence, ...known, ...keyTerms(terms), expired };
}

function find({ engine }: ApiContext, id = ""): CreatedKey {
  const found = engine.keys.created().find(({ sequence }) => String(sequence) === id);
  if (found === undefined) throw new GatewayError("CAL_GATEWAY_KEY_UNKNOWN", { id: id.slice(0, SHOWN_MAX) });
  return found;
}

const SHOWN_MAX = 32;

/** A caller cannot create a key with more scopes than its own. */
function requireNarrower(principal: Principal, { scopes }: Pick<KeyIdentity, "scopes">): void {
  const scope = scopes.find((one) => !principal.scopes.has(one));
  if (scope !== undefined) throw new GatewayError("CAL_GATEWAY_KEY_TOO_WIDE", { key: principal.name, scope });
}

/** As in the configuration, only keys for decisions alone can be bound to tenants. */
function requireBindable({ scopes, tenants }: KeyBody): void {
  if (tenants === undefined || scopes.every((scope) => scope === "decide")) return;
  const problem = "hold more than `decide`, and the key is bound to tenants";
  throw invalid("scopes", problem, "Bind only a key with the scope `decide`, or leave `tenants` out.");
}

/** The tenant whose budget the key uses. */
function tenantOf({ tenants = [] }: KeyBody): string {
  const [tenant, ...others] = tenants;
  if (tenant !== undefined && others.length === 0) return tenant;
  throw invalid("tenants", `are ${tenants.length}, and a budget is given`, "Name exactly one tenant.");
}

function invalid(path: string, problem: string, remedy: string): CalybrisError {
  return new EngineError("CAL_LEDGER_INVALID", { mistakes: [{ path, problem, remedy }] });
}
