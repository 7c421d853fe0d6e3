/**
 * An actor in the form of answers: the key with the name of its introduction, or the user of the operating system.
 * @module
 */
import type { Engine } from "@calybris/engine";
import type { Caused } from "@calybris/kernel";

export function actorJson(keys: Engine["keys"], { actor, onBehalfOf }: Caused): object {
  return {
    actor: String(actor),
    keyName: typeof actor === "number" ? (keys.nameOf(actor) ?? null) : null,
    claimedOnBehalfOf: onBehalfOf ?? null,
  };
}
