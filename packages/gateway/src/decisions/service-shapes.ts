/**
 * The schemas of policies, the journal's head and the service's state in answers.
 * @module
 */
import { z } from "zod";
import { actor, candidate } from "./answer-shapes.ts";
import { count, digest, flag, named, text } from "./shape-parts.ts";

const policyMembers = {
  policyId: count("Counts from 1."),
  name: text("Its name."),
  policyEpoch: z.string().meta({ description: "Grows with each change." }),
  policyDigest: digest("`calypol1`: what decides."),
  snapshotDigest: digest("Covers names, tiers and defaults as well."),
  candidates: z.array(candidate),
  isFromFile: flag("Whether it came from the configured policy file; true of the first."),
  isActive: flag("Whether it is the active policy."),
  sequence: count("Journal sequence of the entry that brought it."),
  actor: actor.nullable(),
};

export const policiesShape: z.ZodType = named(
  "Policies",
  z.object({
    activations: z.array(
      named("Activation", z.object({ sequence: count("Journal sequence."), policyId: count("Active from there on.") })),
    ),
    staged: count("The staged policy.").nullable(),
    policies: z.array(named("PolicyRow", z.object(policyMembers))),
  }),
  "Every policy of the journal by id, and which was active from which entry on.",
);

export const policyCheckedShape: z.ZodType = named(
  "PolicyCheck",
  z.object({
    name: text("Its name."),
    policyDigest: digest("`calypol1`."),
    snapshotDigest: digest("Covers names, tiers and defaults as well."),
    candidateCount: count("Number of candidates."),
    isActive: flag("Whether it is the active policy."),
  }),
);

export const policySetShape: z.ZodType = named(
  "PolicyChange",
  z.object({
    policyId: count("Its id."),
    sequence: count("Journal sequence of its entry; null if it was active already.").nullable(),
    snapshotDigest: digest("Digest of the active policy."),
    repeated: flag("True if it was active already; nothing changed."),
  }),
);

export const priorSetShape: z.ZodType = named(
  "PriorChange",
  z.object({
    sequence: count("Journal sequence of its entry."),
    isCertificateVoid: flag("Whether the active certificate belonged to another prior and became void."),
  }),
);

export const certificateSetShape: z.ZodType = named(
  "CertificateChange",
  z.object({
    sequence: count("Journal sequence of its entry."),
    holdoutBps: count("Share of decisions, in ten-thousandths, that use the floor of their use case only."),
  }),
);

export const reloadedShape: z.ZodType = named(
  "Reload",
  z.object({
    policy: z
      .object({
        policyId: count("Its id."),
        sequence: count("Journal sequence of its entry."),
        snapshotDigest: digest("Its digest, as `calybris policy check` prints it."),
      })
      .nullable()
      .meta({ description: "The policy that was activated; null when the file has not changed." }),
    tenantsChanged: z.array(text("A tenant whose limits changed.")),
    keyCount: count("Keys that are accepted from now on."),
    restartNeeded: z.array(text("A changed option that takes effect at the next start.")),
  }),
  "What a reload changed.",
);

export const headShape: z.ZodType = named(
  "JournalHead",
  z.object({
    sequence: count("The last durable entry."),
    entryHash: text("Its hash; keep a copy elsewhere to notice a removed end."),
    keyed: flag("Whether verifying the chain needs a secret key."),
  }),
);

export const clockShape: z.ZodType = named(
  "ClockConfirmation",
  z.object({
    confirmed: z
      .object({
        sequence: count("Of the `clock` entry."),
        from: count("The time without the step, microseconds since the Unix epoch."),
        to: count("The time from which entries continue, microseconds since the Unix epoch."),
      })
      .nullable()
      .meta({ description: "The step that was confirmed; null when none was unconfirmed." }),
  }),
);

export const healthShape: z.ZodType = named(
  "Health",
  z.object({
    status: z.literal("alive"),
    olderEntries: z
      .object({
        state: z.enum(["running", "intact", "incomplete", "broken"]),
        verifiedSequence: count("The last entry that was verified."),
        untilSequence: count("The last entry before the snapshot."),
      })
      .optional()
      .meta({ description: "Verification of the entries before the snapshot of the start; left out without one." }),
    checkpoint: z
      .object({
        treeSize: count("Entries that the newest checkpoint covers; 0 without one."),
        problem: z.string().nullable().meta({ description: "Why the last attempt to sign failed; null otherwise." }),
      })
      .optional()
      .meta({ description: "Checkpoints of the journal; left out where none are signed." }),
  }),
);
export const readyShape: z.ZodType = named(
  "Ready",
  z.object({
    status: z.literal("ready"),
    sequence: count("The last durable entry."),
    policyId: count("The active policy."),
  }),
);
