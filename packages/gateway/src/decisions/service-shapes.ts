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
  policyEpoch: z.string().meta({ description: "Increases with each change." }),
  policyDigest: digest("`calypol1`: covers everything that decides."),
  snapshotDigest: digest("Also covers names, tiers and defaults."),
  candidates: z.array(candidate),
  isFromFile: flag("Whether it came from the configured policy file; true for the first policy."),
  isActive: flag("Whether it is the active policy."),
  sequence: count("Journal sequence of the entry that contains it."),
  actor: actor.nullable(),
};

export const policiesShape: z.ZodType = named(
  "Policies",
  z.object({
    activations: z.array(
      named(
        "Activation",
        z.object({
          sequence: count("Journal sequence."),
          policyId: count("Policy that is active from that entry on."),
        }),
      ),
    ),
    staged: count("The staged policy.").nullable(),
    policies: z.array(named("PolicyRow", z.object(policyMembers))),
  }),
  "Every policy of the journal by id, and the entry from which each was active.",
);

export const policyCheckedShape: z.ZodType = named(
  "PolicyCheck",
  z.object({
    name: text("Its name."),
    policyDigest: digest("`calypol1`."),
    snapshotDigest: digest("Also covers names, tiers and defaults."),
    candidateCount: count("Number of candidates."),
    isActive: flag("Whether it is the active policy."),
  }),
);

export const policySetShape: z.ZodType = named(
  "PolicyChange",
  z.object({
    policyId: count("Its id."),
    sequence: count("Journal sequence of its entry; null if it was already active.").nullable(),
    snapshotDigest: digest("Digest of the active policy."),
    repeated: flag("True if it was already active; nothing changed."),
  }),
);

export const priorSetShape: z.ZodType = named(
  "PriorChange",
  z.object({
    sequence: count("Journal sequence of its entry."),
    isCertificateVoid: flag("Whether the active certificate became void, because it belonged to another prior."),
  }),
);

export const certificateSetShape: z.ZodType = named(
  "CertificateChange",
  z.object({
    sequence: count("Journal sequence of its entry."),
    holdoutBps: count("Share of decisions, in ten-thousandths, that use only the floor of their use case."),
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
      .meta({ description: "The policy that was activated; null if the file has not changed." }),
    tenantsChanged: z.array(text("A tenant whose limits changed.")),
    keyCount: count("Keys that are accepted from now on."),
    restartNeeded: z.array(text("A changed option that takes effect at the next start.")),
  }),
  "The changes of a reload.",
);

export const headShape: z.ZodType = named(
  "JournalHead",
  z.object({
    sequence: count("The last durable entry."),
    entryHash: text("Its hash; keep a copy elsewhere to detect truncation."),
    keyed: flag("Whether verification of the chain needs a secret key."),
  }),
);

export const clockShape: z.ZodType = named(
  "ClockConfirmation",
  z.object({
    confirmed: z
      .object({
        sequence: count("Journal sequence of the `clock` entry."),
        from: count("The time without the step, microseconds since the Unix epoch."),
        to: count("The time from which entries continue, microseconds since the Unix epoch."),
      })
      .nullable()
      .meta({ description: "The confirmed step; null if no step was unconfirmed." }),
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
      .meta({
        description:
          "Verification of the entries before the snapshot that the service started from; omitted without one.",
      }),
    checkpoint: z
      .object({
        treeSize: count("Entries that the newest checkpoint covers; 0 without one."),
        problem: z
          .string()
          .nullable()
          .meta({ description: "The reason that the last attempt to sign failed; null otherwise." }),
      })
      .optional()
      .meta({ description: "Checkpoints of the journal; omitted if none are signed." }),
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
