/** Whatever is sent to the service, in whatever pieces, its fast door answers as Node's server does. @module */
import { differences, QUICK_FLAGS, talks, WITHOUT_DOOR } from "../../packages/gateway/test/random-conversations.ts";
import { startService } from "../../packages/gateway/test/running-service.ts";
import type { Budget, Found } from "./search.ts";

export const name = "talks through the fast door";

/** A service keeps its journal in memory, so it is started anew after so many. */
const TALKS_PER_SERVICE = 2_000;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  let cases = 0;
  for (let turn = 0; performance.now() < endMs; turn += 1) {
    const fast = await startService({ flags: QUICK_FLAGS, keyed: false });
    const plain = await startService({ flags: { ...QUICK_FLAGS, ...WITHOUT_DOOR }, keyed: false });
    try {
      const all = talks(seed + turn, TALKS_PER_SERVICE);
      const [difference] = await differences(fast.url, plain.url, all);
      if (difference !== undefined) throw new Error(`seed ${seed + turn}: ${JSON.stringify(difference)}`);
      if (/"level":"(?:fatal|error)"/.test(fast.logged() + plain.logged()))
        throw new Error(`seed ${seed + turn}: a bug was logged`);
      cases += all.length;
      progress?.(`${cases} talks`);
    } finally {
      await fast.end();
      await plain.end();
    }
  }
  return { cases };
}
