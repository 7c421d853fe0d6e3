/**
 * Labels of a call from its headers and body: tags, session, client, user. Clients need no change: the three agents send a
 * header with their session, and SDKs send a field with the user.
 *
 * Labels are claims of the caller, recorded as claimed; they never decide which tenant pays. A label that is too long or not
 * printable is left out, because a label is no reason to refuse a call. A malformed tag header is refused.
 * @module
 */
import { isName, isTagName, TAGS_MAX } from "@calybris/kernel";
import { invalidField, membersOf, readMember, type SpannedBody } from "../wire/body-members.ts";

export type CallHeaders = { readonly [name: string]: string | readonly string[] | undefined };

export interface CallLabels {
  /** At most 16: those of `x-calybris-tags`, then `client`, `user` and `project` while there is room. */
  readonly tags: { readonly [name: string]: string };
  readonly session: string | undefined;
  /** `claude-code`, `codex`, `opencode`, `openai-python`, ..., from the user agent; empty if it names none. */
  readonly client: string;
}

/** In this order: the first that is present is used. */
const SESSION_HEADERS = [
  "x-calybris-session",
  "x-claude-code-session-id",
  "session-id",
  "session_id",
  "thread-id",
  "x-session-id",
  "x-session-affinity",
] as const;

/** Prefixes of user agents, with their client. */
const CLIENTS: readonly (readonly [RegExp, string])[] = [
  [/^claude-cli\//i, "claude-code"],
  [/^codex[_-]/i, "codex"],
  [/^opencode\//i, "opencode"],
  [/^OpenAI\/Python/i, "openai-python"],
  [/^OpenAI\/JS/i, "openai-js"],
  [/^Anthropic\/Python/i, "anthropic-python"],
  [/^Anthropic\/JS/i, "anthropic-js"],
  [/^ai-sdk\//i, "ai-sdk"],
];

const LABEL_BYTES_MAX = 4_096;

/**
 * @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` naming `x-calybris-tags`.
 *
 * @example
 * ```ts
 * const body = spanBody(Buffer.from('{"user":"u-17"}'));
 * const headers = { "x-calybris-tags": "team=search, env=prod", "user-agent": "claude-cli/2.1.328 (external, cli)" };
 * callLabels(headers, body).tags; // { team: "search", env: "prod", client: "claude-code", user: "u-17" }
 * ```
 */
export function callLabels(headers: CallHeaders, body: SpannedBody): CallLabels {
  const tags = new Map<string, string>();
  for (const [name, value] of tagsIn(textOf(headers["x-calybris-tags"]))) tags.set(name, value);
  const client = clientOf(headers);
  const { user, session: userSession } = userOf(body);
  addTag(tags, "client", client);
  addTag(tags, "user", user);
  addTag(tags, "project", textOf(headers["openai-project"]));
  const session = sessionIn(headers) ?? userSession;
  return {
    tags: tags.size === 0 ? NO_TAGS : Object.fromEntries(tags),
    session: session !== undefined && isName(session) ? session : undefined,
    client,
  };
}

const NO_TAGS: CallLabels["tags"] = Object.freeze({});

function addTag(tags: Map<string, string>, name: string, value: string | undefined): void {
  if (value !== undefined && isName(value) && !tags.has(name) && tags.size < TAGS_MAX) tags.set(name, value);
}

function sessionIn(headers: CallHeaders): string | undefined {
  for (const name of SESSION_HEADERS) {
    const value = textOf(headers[name]);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** `name=value`, separated by commas. A comma or `%` within a value is written as `%2C` or `%25`. */
function tagsIn(header: string | undefined): readonly (readonly [string, string])[] {
  if (header === undefined || header.trim() === "") return [];
  const tags = header.split(",").map((part): readonly [string, string] => {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(0, at)).trim();
    const value = unescaped(part.slice(at + 1).trim());
    if (at === -1 || !isTagName(name) || value === undefined || !isName(value))
      throw invalidTags(
        `has ${JSON.stringify(part.trim().slice(0, SHOWN_MAX))}, which is not a name, \`=\` and a value`,
      );
    return [name, value];
  });
  if (tags.length > TAGS_MAX) throw invalidTags(`has ${tags.length} tags`);
  if (new Set(tags.map(([name]) => name)).size < tags.length) throw invalidTags("has one name twice");
  return tags;
}

const SHOWN_MAX = 80;

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function invalidTags(problem: string): Error {
  const remedy = `Send at most ${TAGS_MAX} tags, as \`team=search, env=prod\`: names of letters, digits and \`_.:-\`, values of at most 128 characters.`;
  return invalidField("x-calybris-tags", problem, remedy);
}

function clientOf(headers: CallHeaders): string {
  const agent = textOf(headers["user-agent"]) ?? "";
  if (agent === "" && headers["originator"] === undefined) return "";
  const known = CLIENTS.find(([pattern]) => pattern.test(agent))?.[1];
  if (known !== undefined) return known;
  const originator = textOf(headers["originator"]) ?? "";
  if (originator.startsWith("codex_")) return "codex";
  // The product name without the version: all versions of `my-agent/1.2` are one client.
  const [product = ""] = agent.split(/[/\s]/, 1);
  return isName(product) ? product : "";
}

interface User {
  readonly user: string | undefined;
  readonly session: string | undefined;
}

/**
 * `metadata.user_id` of Anthropic's dialect, or `user` and `safety_identifier` of OpenAI's. Claude Code combines several
 * IDs, including the session's, in one text: as JSON, or joined by underscores.
 */
function userOf(body: SpannedBody): User {
  const metadata = membersOf(body, "metadata");
  const userId = metadata === undefined ? undefined : labelIn(metadata, "user_id");
  if (userId === undefined)
    return { user: labelIn(body, "user") ?? labelIn(body, "safety_identifier"), session: undefined };
  const joined = /^user_([0-9a-f]+)_account_.*_session_([0-9a-f-]+)$/.exec(userId);
  if (joined !== null) return { user: joined[1], session: joined[2] };
  const ids = idsIn(userId);
  return { user: ids === undefined ? userId : ids["device_id"], session: ids?.["session_id"] };
}

function idsIn(text: string): { readonly [name: string]: string } | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const ids = Object.entries(JSON.parse(text) as object).filter(([, value]) => typeof value === "string");
    return Object.fromEntries(ids) as { readonly [name: string]: string };
  } catch {
    return undefined;
  }
}

/** A short text; `undefined` for anything else, which is left to the provider to validate. */
function labelIn(body: SpannedBody, name: string): string | undefined {
  const span = body.spans.members.get(name);
  if (span === undefined || span.valueEnd - span.valueStart > LABEL_BYTES_MAX) return undefined;
  const value = readMember(body, name, LABEL_BYTES_MAX);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.join(",");
  return text === "" ? undefined : text;
}
