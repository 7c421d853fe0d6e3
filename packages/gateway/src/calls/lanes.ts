/**
 * Lanes: for each candidate that may run a call, the deployments that can take it, and the request for each of them.
 * @module
 */
import type { ExactJson, PolicySnapshot } from "@calybris/kernel";
import { parseStrictJson } from "@calybris/kernel";
import { type Host, requireTaken, writtenForHost } from "../providers/hosts.ts";
import type { UpstreamRequest } from "../providers/upstream.ts";
import type { CallRequest } from "../translate/call-request.ts";
import { readChatRequest, writeChatRequest } from "../translate/chat-request.ts";
import { type ExactObject, exactText, untranslatable } from "../translate/field-check.ts";
import { geminiEmbeddings, geminiEmbeddingsPath } from "../translate/gemini-embeddings.ts";
import { geminiPath, writeGeminiRequest } from "../translate/gemini-request.ts";
import { readMessagesRequest, versionFor, writeMessagesRequest } from "../translate/messages-request.ts";
import { writeResponsesRequest } from "../translate/responses-body.ts";
import { readResponsesRequest } from "../translate/responses-request.ts";
import {
  type Capability,
  CHAT_FIELDS,
  EMBEDDINGS_FIELDS,
  type FieldTable,
  MESSAGES_FIELDS,
  RESPONSES_FIELDS,
} from "../translate/request-fields.ts";
import { removeMember, renameMembers, type SpannedBody, type Splice, splice } from "../wire/body-members.ts";
import type { AnswerDialect, WireDialect } from "../wire/dialect.ts";
import { editIncludeUsage, editModel, editOutputLimit } from "../wire/request-edits.ts";
import type { ClientBody } from "./client-call.ts";
import type { Fleet, Target } from "./fleet.ts";

/** One candidate and the deployments that can take the call. */
export interface Lane {
  readonly candidateId: number;
  readonly candidate: string;
  readonly targets: readonly Target[];
  /** The dialect in which it is called. */
  readonly asked: AnswerDialect;
  readonly isTranslated: boolean;
}

/** For each dialect, those that it can be translated to and from, in order of preference. */
const TRANSLATED: { readonly [Dialect in WireDialect]?: readonly AnswerDialect[] } = {
  "openai-chat": ["anthropic-messages", "gemini", "openai-responses"],
  "anthropic-messages": ["openai-chat", "gemini", "openai-responses"],
  "openai-responses": ["openai-chat", "anthropic-messages", "gemini"],
  "openai-embeddings": ["gemini"],
};

/**
 * The lane of one candidate; `undefined` if it has no deployment, or none whose dialect the call can be translated to.
 *
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` if the other dialect cannot express the call.
 */
export function laneOf(
  candidate: { readonly id: number; readonly name: string },
  client: ClientBody,
  fleet: Fleet,
): Lane | undefined {
  const all = fleet.targetsOf(candidate.name);
  const own = all.filter(({ dialects }) => dialects.includes(client.dialect));
  const named = { candidateId: candidate.id, candidate: candidate.name };
  if (own.length > 0) return { ...named, targets: takersOf(own, client), asked: client.dialect, isTranslated: false };
  const other = TRANSLATED[client.dialect]?.find((one) => all.some(({ dialects }) => dialects.includes(one)));
  if (all.length === 0) return undefined;
  if (other === undefined) throw untranslatable("model", "is of a provider that does not take such calls");
  const foreign = all.filter(({ dialects }) => dialects.includes(other));
  const lane = { ...named, targets: foreign, asked: other, isTranslated: true };
  // Translate once here, so that an untranslatable call is refused before money is reserved.
  for (const target of foreign) void requestFor(lane, target, client, [], 1);
  return lane;
}

/**
 * The deployments whose host accepts every field of the call.
 *
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming an unsupported field, if no deployment remains.
 */
function takersOf(targets: readonly Target[], { body, dialect }: ClientBody): readonly Target[] {
  if (dialect !== "openai-chat") return targets;
  const readField = (name: string): ExactJson | undefined => {
    const span = body.spans.members.get(name);
    return span === undefined || span.valueEnd - span.valueStart > NEUTRAL_BYTES_MAX ? undefined : valueAt(body, span);
  };
  let refusal: unknown;
  const takers = targets.filter(({ host }) => {
    if (host === undefined) return true;
    try {
      requireTaken(host, body.spans.members.keys(), readField);
      return true;
    } catch (error) {
      refusal ??= error;
      return false;
    }
  });
  if (takers.length === 0) throw refusal;
  return takers;
}

interface NamedCandidate {
  readonly id: number;
  readonly name: string;
}

const CANDIDATES = new WeakMap<PolicySnapshot, readonly NamedCandidate[]>();

/** All candidates of the policy, with ID and name. */
export function candidatesOf(snapshot: PolicySnapshot): readonly NamedCandidate[] {
  let found = CANDIDATES.get(snapshot);
  if (found === undefined) {
    const { policy, candidateNames } = snapshot;
    found = policy.candidates.map(({ id }, position) => ({ id, name: candidateNames[position] ?? "" }));
    CANDIDATES.set(snapshot, found);
  }
  return found;
}

/**
 * The request for a deployment.
 *
 * @param headers - the client's headers, names and values alternating.
 * @param outputTokens - the output limit to write; `undefined` keeps the client's.
 */
export function requestFor(
  { asked, isTranslated }: Lane,
  target: Target,
  client: ClientBody,
  headers: readonly string[],
  outputTokens: number | undefined,
): Omit<UpstreamRequest, "attemptId"> {
  if (!isTranslated) return { asked, headers, body: editedBody(client, target, outputTokens) };
  if (client.dialect === "openai-embeddings")
    return {
      asked,
      headers: [],
      path: geminiEmbeddingsPath(target.model),
      body: [Buffer.from(exactText(geminiEmbeddings(client.parsed(), target.model)))],
    };
  const call = { ...translatable(client, asked), model: target.model };
  const limit = outputTokens ?? client.limitTokens ?? target.outputTokensMax;
  if (asked === "anthropic-messages")
    return {
      asked,
      headers: ["anthropic-version", versionFor(call)],
      body: [Buffer.from(exactText(writeMessagesRequest(call, limit)))],
    };
  if (asked === "gemini")
    return {
      asked,
      headers: [],
      path: geminiPath(call.model, call.isStreamed),
      body: [Buffer.from(exactText(writeGeminiRequest(call, limit)))],
    };
  const limited = { ...call, outputTokensMax: Math.min(call.outputTokensMax ?? limit, limit) };
  if (asked === "openai-responses")
    return { asked, headers: [], body: [Buffer.from(exactText(writeResponsesRequest(call, limit)))] };
  const written = writeChatRequest(limited, target.outputLimit);
  const sent = target.host === undefined ? written : writtenForHost(target.host, written);
  return { asked, headers: [], body: [Buffer.from(exactText(sent))] };
}

function translatable(client: ClientBody, target: AnswerDialect): CallRequest {
  const { dialect } = client;
  if (dialect === "openai-chat") return readChatRequest(client.parsed(), target);
  return dialect === "openai-responses"
    ? readResponsesRequest(client.parsed(), target)
    : readMessagesRequest(client.parsed(), target);
}

function editedBody(client: ClientBody, target: Target, outputTokens: number | undefined): readonly Uint8Array[] {
  const { body, dialect } = client;
  const field = dialect === "openai-chat" ? target.outputLimit : undefined;
  const { host } = target;
  return splice(body.bytes, [
    ...(host === undefined || dialect !== "openai-chat" ? [] : renameMembers(body, host.renames)),
    ...editModel(body, target.model),
    ...(outputTokens === undefined ? [] : editOutputLimit(body, dialect, outputTokens, field)),
    ...(dialect === "openai-chat" ? streamEdits(client, host) : []),
  ]);
}

/** Requests usage at the end of a stream, except from hosts that refuse the option. */
function streamEdits({ body, isStreamed }: ClientBody, host: Host | undefined): readonly Splice[] {
  if (host?.countsUnasked === true) return removeMember(body, "stream_options");
  return isStreamed ? editIncludeUsage(body) : [];
}

const FIELDS: { readonly [Dialect in WireDialect]: FieldTable } = {
  "openai-chat": CHAT_FIELDS,
  "openai-responses": RESPONSES_FIELDS,
  "openai-embeddings": EMBEDDINGS_FIELDS,
  "anthropic-messages": MESSAGES_FIELDS,
};

/** Maximum length of a value that may be neutral, like `false` or `"auto"`. */
const NEUTRAL_BYTES_MAX = 64;

/** The capabilities that a call needs, by its top-level fields. */
export function capabilitiesAsked({ body, dialect }: ClientBody): Set<Capability> {
  const asked = new Set<Capability>();
  for (const [name, span] of body.spans.members) {
    const rule = Object.hasOwn(FIELDS[dialect], name) ? FIELDS[dialect][name] : undefined;
    if (rule?.gate === undefined) continue;
    const isShort = span.valueEnd - span.valueStart <= NEUTRAL_BYTES_MAX;
    const value = isShort ? valueAt(body, span) : undefined;
    const isNeutral =
      isShort && (value === null || (rule.neutral ?? []).some((one) => JSON.stringify(one) === textOf(value)));
    if (!isNeutral) asked.add(rule.gate);
  }
  return asked;
}

function valueAt(body: SpannedBody, span: { readonly valueStart: number; readonly valueEnd: number }): ExactJson {
  return parseStrictJson(Buffer.from(body.bytes.subarray(span.valueStart, span.valueEnd)).toString());
}

function textOf(value: ExactJson | undefined): string {
  return value === undefined ? "" : exactText(value as ExactObject);
}
