/** Whatever is sent to the service, in whatever pieces, its fast path answers as Fastify does. @module */
import { conversations, differences, startBoth } from "../../packages/gateway/test/search/random-conversations.ts";
import type { Budget, Found } from "./search.ts";

export const name = "conversations through the fast path";

/** A service keeps its journal in memory, so it is started anew after so many. */
const CONVERSATIONS_PER_SERVICE = 2_000;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  let cases = 0;
  for (let turn = 0; performance.now() < endMs; turn += 1) {
    const { fast, plain } = await startBoth();
    try {
      const all = conversations(seed + turn, CONVERSATIONS_PER_SERVICE);
      const [difference] = await differences(fast.url, plain.url, all);
      if (difference !== undefined) throw new Error(`seed ${seed + turn}: ${JSON.stringify(difference)}`);
      if (/"level":"(?:fatal|error)"/.test(fast.logged() + plain.logged()))
        throw new Error(`seed ${seed + turn}: a bug was logged`);
      cases += all.length;
      progress?.(`${cases} conversations`);
    } finally {
      await fast.end();
      await plain.end();
    }
  }
  return { cases };
}
