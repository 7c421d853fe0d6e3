/**
 * The learner over HTTP: activating its prior and its certificate, and its regret.
 * @module
 */
import type { Engine } from "@calybris/engine";
import { apiJson } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { type ClaimBody, callerOf } from "../keys/caller.ts";
import type { ApiContext } from "./api-context.ts";

type Handlers = { readonly [Name in "setPrior" | "setCertificate" | "regret"]: Handler };

interface PriorBody extends ClaimBody {
  readonly prior: object;
}

type CertificateBody = ClaimBody & Parameters<Engine["learning"]["certify"]>[0];

export function learningHandlers({ engine }: ApiContext): Handlers {
  return {
    setPrior: (call) => setPrior(engine, call),
    setCertificate: (call) => setCertificate(engine, call),
    regret: () => regret(engine),
  };
}

async function setPrior(engine: Engine, { principal, body }: Call): Promise<Reply> {
  const { prior, ...claim } = body as PriorBody;
  const { learning } = engine;
  const before = learning.certifiedRegimes ?? 0;
  const sequence = await learning.setPrior(prior, callerOf(engine, principal, claim));
  return { body: apiJson({ sequence, isCertificateVoid: before > 0 && learning.certifiedRegimes === 0 }) };
}

async function setCertificate(engine: Engine, { principal, body }: Call): Promise<Reply> {
  const { by, onBehalfOf, ...certificate } = body as CertificateBody;
  const claim = { ...(by === undefined ? {} : { by }), ...(onBehalfOf === undefined ? {} : { onBehalfOf }) };
  const sequence = await engine.learning.certify(certificate, callerOf(engine, principal, claim));
  const holdoutBps = engine.snapshot.learning?.holdoutBps ?? 0;
  return { body: apiJson({ sequence, holdoutBps }) };
}

/** Without the parts that only `calybris regret` reports: groups, and a target policy. */
async function regret(engine: Engine): Promise<Reply> {
  const { report, sequence, headSequence } = await engine.regret.report();
  const { by: _by, target: _target, groups: _groups, all, ...rest } = report;
  const { targetDifference: _difference, ...measured } = all;
  return { body: apiJson({ sequence, headSequence, ...rest, all: measured }) };
}
