/**
 * The lists of callable models in the formats of the two APIs.
 * @module
 */
import type { PolicySnapshot } from "@calybris/kernel";
import type { Fleet } from "./fleet.ts";
import type { ModelNames } from "./model-names.ts";

/** The creation time of every model: the APIs require one, and the policy has none. */
const CREATED_SECONDS = 1_767_225_600;

interface ListedModel {
  readonly id: string;
  readonly owner: string;
  readonly contextTokens: number | undefined;
  readonly outputTokensMax: number | undefined;
}

/** Candidates with a deployment, and the configured names for them. */
export function listedModels(snapshot: PolicySnapshot, fleet: Fleet, names: ModelNames): readonly ListedModel[] {
  const { policy, candidateNames, providers } = snapshot;
  const owners = new Map(
    policy.candidates.map(({ providerId }, position) => [candidateNames[position] ?? "", providers[providerId] ?? ""]),
  );
  const callable = fleet.candidates().filter((name) => owners.has(name));
  const aliases = names.names().filter((name) => !callable.includes(name) && isCallable(name, names, callable));
  return [...callable, ...aliases].map((id) => {
    const candidate = names.resolve(id).candidate ?? "";
    const [target] = fleet.targetsOf(candidate);
    return {
      id,
      owner: owners.get(candidate) ?? "calybris",
      contextTokens: target?.contextTokens,
      outputTokensMax: target?.outputTokensMax,
    };
  });
}

function isCallable(name: string, names: ModelNames, callable: readonly string[]): boolean {
  const { candidate } = names.resolve(name);
  return candidate === undefined ? callable.length > 0 : callable.includes(candidate);
}

export function openaiList(models: readonly ListedModel[]): object {
  const data = models.map(({ id, owner }) => ({ id, object: "model", created: CREATED_SECONDS, owned_by: owner }));
  return { object: "list", data };
}

export function anthropicList(models: readonly ListedModel[]): object {
  const created_at = new Date(CREATED_SECONDS * 1_000).toISOString();
  const data = models.map(({ id, contextTokens, outputTokensMax }) => ({
    type: "model",
    id,
    display_name: id,
    created_at,
    max_input_tokens: contextTokens ?? null,
    max_tokens: outputTokensMax ?? null,
  }));
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}
