/**
 * Learning, as a stage: the router, the active prior that scores requests for it, and the commitment to the seed of the
 * draws.
 * @module
 */
import { activates, type EntryBody, invariant, type PriorEntry, SnapshotMembers, writeExact } from "@calybris/kernel";
import { requireRanges } from "../router/entry-ranges.ts";
import { categoryIndexOf, type Prior, predictGainBps } from "../router/prior.ts";
import { expectFromPrior } from "../router/prior-success.ts";
import { loadPrior } from "../router/prior-file.ts";
import { Router, type ScoringPrior } from "../router/router.ts";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import type { PolicyBook } from "./policy-book.ts";
import { routerPolicyOf } from "./router-policy-of.ts";
import type { Stage } from "./stage.ts";

/** The active prior, and its line in a snapshot. */
interface ActivePrior {
  readonly prior: Prior;
  readonly line: SnapshotLine;
}

export class LearningState implements Stage {
  readonly parts: readonly string[] = ["prior", "learning"];
  readonly router: Router = new Router();
  readonly #policies: PolicyBook;
  #seedDigest: string | undefined;
  #prior: ActivePrior | undefined;
  /** The prior that the last checked entry activates. */
  #nextPrior: ActivePrior | undefined;

  /** @param policies - an earlier stage. */
  constructor(policies: PolicyBook) {
    this.#policies = policies;
  }

  /** The active prior. */
  get prior(): Prior | undefined {
    return this.#prior?.prior;
  }

  /** SHA-256 of the secret seed of the draws, as committed; `undefined` until a policy learns. */
  get seedDigest(): string | undefined {
    return this.#seedDigest;
  }

  check(_sequence: number, _at: number, body: EntryBody): void {
    requireRanges(body);
    if (body.kind === "belief")
      invariant(body.method === this.router.learning?.method, "a belief is of the method that the policy learns by");
    if (body.kind === "prior") this.#nextPrior = checkedPrior(body);
  }

  apply(sequence: number, _at: number, body: EntryBody): void {
    switch (body.kind) {
      case "genesis":
      case "policy": {
        this.#seedDigest ??= body.seedDigest;
        if (!activates(body)) break;
        const areFeaturesOther = this.router.configure(routerPolicyOf(this.#policies.active), sequence);
        if (areFeaturesOther) this.#prior = undefined;
        break;
      }
      case "prior":
        this.#prior = this.#nextPrior as ActivePrior;
        this.router.setPrior(scoringOf(this.#prior.prior), sequence);
        break;
      default:
        this.router.apply(sequence, body);
    }
  }

  /** Only if the active policy learns. */
  *stateTexts(): Generator<string> {
    if (this.router.learning !== undefined) yield `,"learning":${writeExact(this.router.toJson())}`;
  }

  *lines(): Generator<SnapshotLine> {
    if (this.#prior !== undefined) yield this.#prior.line;
    yield jsonLine({ part: "learning", seedDigest: this.#seedDigest, router: this.router.toSnapshot() });
  }

  restore(part: string, members: SnapshotMembers): void {
    if (part === "prior") {
      this.#prior = activePrior(loadPrior(members.json("prior")), members.json("prior"));
      return;
    }
    this.#seedDigest = members.has("seedDigest") ? members.text("seedDigest") : undefined;
    this.router.restore(
      new SnapshotMembers(members.json("router")),
      routerPolicyOf(this.#policies.active),
      this.#prior === undefined ? undefined : scoringOf(this.#prior.prior),
    );
  }
}

function checkedPrior({ prior: json, digest }: PriorEntry): ActivePrior {
  const prior = loadPrior(json);
  invariant(prior.digestHex === digest, "a prior has the digest that its entry says");
  return activePrior(prior, json);
}

function activePrior(prior: Prior, json: unknown): ActivePrior {
  return { prior, line: jsonLine({ part: "prior", prior: json }) };
}

function scoringOf(prior: Prior): ScoringPrior {
  return {
    digest: prior.digestHex,
    boundaries: [...prior.boundariesBps],
    predict: (features, useCase, textScore) =>
      predictGainBps(prior, features, categoryIndexOf(prior, useCase), textScore),
    ...(prior.success.length === 0
      ? {}
      : {
          expect: (features, useCase, gainBps, tierCount, out) =>
            expectFromPrior(prior, features, categoryIndexOf(prior, useCase), gainBps, tierCount, out),
        }),
  };
}
