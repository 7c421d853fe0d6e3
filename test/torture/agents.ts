/** Claude Code, Codex and opencode get a whole answer through the gateway, and each refusal costs one call. @module */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CountedGateway, type Standing } from "../agents/counted-gateway.ts";
import { AGENTS, type AgentName, installAgents, MODELLED, runAgent } from "../agents/installed-agents.ts";
import type { Budget, Found } from "./search.ts";

export const name = "agents";

/** It ends an agent that hangs. The first start of one reads hundreds of megabytes from the disk. */
const RUN_MS_MAX = 240_000;
/** The built-in provider's answers begin so. */
const ANSWER = /\bMock\b/;

/** What a refusal is answered with. opencode asks for a title beside the answer: two calls, each of which is refused once. */
const REFUSED: { readonly [Name in AgentName]: { readonly [Case in "unfunded" | "forbidden"]: readonly number[] } } = {
  claude: { unfunded: [402], forbidden: [403] },
  codex: { unfunded: [429], forbidden: [400] },
  opencode: { unfunded: [402, 402], forbidden: [403, 403] },
};
const STANDINGS: readonly Standing[] = ["funded", "unfunded", "forbidden"];

export async function run({ milliseconds, progress }: Budget): Promise<Found> {
  const isInstalled = await installAgents();
  await using gateway = await CountedGateway.start();
  // What the registry and the disk take is not the search's: on a slow machine it would leave no time to look at anything.
  const endMs = performance.now() + milliseconds;
  if (!isInstalled) return await modelled(gateway);
  const rows: string[] = [];
  for (const agent of AGENTS)
    for (const standing of STANDINGS) {
      if (rows.length > 0 && performance.now() >= endMs) return { cases: rows.length, summary: rows.join("\n  ") };
      const home = join(gateway.folder, `${agent}-${standing}`);
      mkdirSync(home);
      gateway.calls.length = 0;
      const { url, keys, calls } = gateway;
      const run = { url, key: keys[standing], home, milliseconds: RUN_MS_MAX };
      const { code, printed } = await runAgent(agent, run);
      const statuses = calls.map(({ status }) => status);
      const row = `${agent}, ${standing}: ${statuses.join(" ")}`;
      progress?.(row);
      rows.push(row);
      const isRight =
        standing === "funded"
          ? ANSWER.test(printed) && statuses.length > 0 && statuses.every((status) => status === 200)
          : isOnce(statuses, REFUSED[agent][standing]);
      if (!isRight) throw new Error(`${row}, ended with ${code}:\n${printed.slice(0, 4_000)}`);
    }
  return { cases: rows.length, summary: rows.join("\n  ") };
}

/** Without the agents: what each would send is refused with the status that it takes as the end. */
async function modelled({ url, keys }: CountedGateway): Promise<Found> {
  const rows: string[] = [];
  for (const agent of AGENTS)
    for (const standing of ["unfunded", "forbidden"] as const) {
      const { path, headers, body } = MODELLED[agent];
      const sent = { "content-type": "application/json", authorization: `Bearer ${keys[standing]}`, ...headers };
      const answer = await fetch(`${url}${path}`, { method: "POST", headers: sent, body: JSON.stringify(body) });
      rows.push(`${agent}, ${standing}, modelled: ${answer.status}`);
      if (answer.status !== REFUSED[agent][standing][0]) throw new Error(`${rows.at(-1)}: ${await answer.text()}`);
    }
  return { cases: rows.length, summary: ["the registry cannot be reached: no agent was run", ...rows].join("\n  ") };
}

/** As many refusals as wanted, or fewer: an agent may give up a task before it sends its second call. */
function isOnce(statuses: readonly number[], wanted: readonly number[]): boolean {
  return (
    statuses.length > 0 && statuses.length <= wanted.length && statuses.every((status, at) => status === wanted[at])
  );
}
