/**
 * Policies over HTTP: those that were in force, whether one would be taken, and putting one in force.
 * @module
 */
import {
  BUILT_IN_CATALOGS,
  builtInCatalogPath,
  membersOf,
  nameRemedy,
  nodeSha256,
  parsePolicyFile,
  readJsonFile,
} from "@calybris/engine";
import {
  CalybrisError,
  type ExactJson,
  isName,
  NAME_WANTED,
  type PolicySnapshot,
  policyDigest,
  snapshotDigest,
  toHex,
} from "@calybris/kernel";
import { apiJson } from "../http/answers.ts";
import type { Call, Reply, Route } from "../http/route.ts";
import { policiesShape, policyCheckedShape, policySetShape } from "./answer-shapes.ts";
import { policyCheckCall, policySetCall } from "./call-shapes.ts";
import type { Desk } from "./desk.ts";

export function policyRoutes(desk: Desk): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/policies",
      name: "policies",
      summary: "Every policy that was in force",
      planes: ["decide", "operate", "audit"],
      answer: policiesShape,
      handle: () => policies(desk),
    },
    {
      method: "POST",
      path: "/v1/policies",
      name: "setPolicy",
      summary: "Put a policy in force, from the next decision on",
      description:
        "The entry holds the whole policy and names who did it. The policy that is in force already is not put in force again.",
      planes: ["operate"],
      body: { schema: policySetCall, byHand: true },
      answer: policySetShape,
      handle: (call) => setPolicy(desk, call),
    },
    {
      method: "POST",
      path: "/v1/policies/check",
      name: "checkPolicy",
      summary: "Whether a policy would be taken; every mistake at once when it would not",
      planes: ["decide", "operate", "audit"],
      body: { schema: policyCheckCall, byHand: true },
      answer: policyCheckedShape,
      handle: (call) => checkPolicy(desk, call),
    },
  ];
}

function policies({ engine }: Desk): Reply {
  const all = engine.reading.policies();
  const rows = all.map(({ id, snapshot }) => ({
    policyId: id,
    name: snapshot.name,
    policyEpoch: snapshot.policy.policyEpoch,
    ...digestsOf(snapshot),
    candidates: snapshot.policy.candidates.map((candidate, index) => ({
      id: candidate.id,
      name: snapshot.candidateNames[index],
    })),
    inForce: id === all.length,
  }));
  return { text: apiJson({ policies: rows }) };
}

async function setPolicy({ engine }: Desk, { body }: Call): Promise<Reply> {
  const { policy, by } = membersChecked(body, ["policy", "by"]);
  if (!isName(by)) throw invalid("by", "is not a name", `Send ${NAME_WANTED}: the person who does it.`);
  const snapshot = await snapshotIn(policy);
  const digest = digestsOf(snapshot).snapshotDigest;
  if (digest === digestsOf(engine.snapshot).snapshotDigest) {
    const policyId = engine.reading.policies().length;
    return { text: apiJson({ policyId, sequence: null, snapshotDigest: digest, repeated: true }) };
  }
  const { policyId, sequence } = await engine.setPolicy(snapshot, by);
  return { text: apiJson({ policyId, sequence, snapshotDigest: digest, repeated: false }) };
}

async function checkPolicy({ engine }: Desk, { body }: Call): Promise<Reply> {
  const { policy } = membersChecked(body, ["policy"]);
  const snapshot = await snapshotIn(policy);
  const digests = digestsOf(snapshot);
  const isInForce = digests.snapshotDigest === digestsOf(engine.snapshot).snapshotDigest;
  const candidateCount = snapshot.policy.candidates.length;
  return { text: apiJson({ name: snapshot.name, ...digests, candidateCount, isInForce }) };
}

/** The members of a body whose policy is checked by the rules of a policy's file, which say more than a schema can. */
function membersChecked(body: ExactJson, known: readonly string[]): { readonly [key: string]: unknown } {
  const members = membersOf(body);
  for (const key of Object.keys(members))
    if (!known.includes(key)) throw invalid(key, "is an unknown field", nameRemedy(key, known));
  if (members["policy"] === undefined) throw invalid("policy", "is missing", "Send a policy, as a file has it.");
  return members;
}

/** A catalog comes with the policy, or is built in: a caller names no file of this machine. */
async function snapshotIn(policy: unknown): Promise<PolicySnapshot> {
  const catalog = membersOf(policy)["catalog"];
  if (typeof catalog !== "string") return parsePolicyFile(policy);
  if (!BUILT_IN_CATALOGS.includes(catalog)) {
    const remedy = `${nameRemedy(catalog, BUILT_IN_CATALOGS)} Or send the catalog itself.`;
    const mistake = { path: "catalog", problem: `is ${JSON.stringify(catalog.slice(0, SHOWN_MAX))}`, remedy };
    throw new CalybrisError("CAL_POLICY_INVALID", { mistakes: [mistake] });
  }
  return parsePolicyFile(policy, (await readJsonFile(builtInCatalogPath(catalog))).value);
}

const digestsBySnapshot = new WeakMap<PolicySnapshot, { policyDigest: string; snapshotDigest: string }>();

function digestsOf(snapshot: PolicySnapshot): { readonly policyDigest: string; readonly snapshotDigest: string } {
  let digests = digestsBySnapshot.get(snapshot);
  if (digests === undefined) {
    digests = {
      policyDigest: toHex(policyDigest(snapshot.policy, nodeSha256)),
      snapshotDigest: toHex(snapshotDigest(snapshot, nodeSha256)),
    };
    digestsBySnapshot.set(snapshot, digests);
  }
  return digests;
}

function invalid(path: string, problem: string, remedy: string): CalybrisError {
  return new CalybrisError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [{ path, problem, remedy }] });
}

const SHOWN_MAX = 64;
