/** The policy of the fire: the models of the gateway's tests, and one of Google's. */
import { CALL_CATALOG, CALL_POLICY, MODELS } from "../../../gateway/test/calls/running-gateway.ts";

export const GOOGLE_MODEL = "gemini-2.5-flash";

interface Candidate {
  readonly provider: string;
}

const { candidates, ...rest } = CALL_CATALOG as { readonly candidates: readonly Candidate[] };
const google = {
  ...candidates[0],
  id: candidates.length + 1,
  name: GOOGLE_MODEL,
  provider: "Google",
  qualityBps: 8_500,
  inputPriceDollarsPerMillion: "0.3",
  outputPriceDollarsPerMillion: "2.5",
};

export const FIRE_POLICY: object = {
  ...CALL_POLICY,
  catalog: { ...rest, providers: ["OpenAI", "Anthropic", "Google"], candidates: [...candidates, google] },
};

/** Each model with the name of its provider in the configuration. */
export const FIRE_MODELS: readonly { readonly name: string; readonly provider: string }[] = [
  ...MODELS.map(({ name, provider }) => ({ name, provider: provider.toLowerCase() })),
  { name: GOOGLE_MODEL, provider: "google" },
];
