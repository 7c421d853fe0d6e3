/**
 * A model call as sent by its client: the members of the body that the gateway reads, in any dialect.
 * @module
 */
import { parseStrictJson } from "@calybris/kernel";
import type { ScannedCall } from "../scan/call-scan.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { isStreamed, isUsageAsked, modelOf, requestedOutput } from "../wire/request-edits.ts";
import type { ExactObject } from "../translate/field-check.ts";

export interface ClientBody {
  readonly dialect: WireDialect;
  readonly body: ScannedCall;
  /** The model's name in the request. */
  readonly model: string;
  readonly isStreamed: boolean;
  /** `undefined` if the client sets no limit. */
  readonly limitTokens: number | undefined;
  readonly thinkingTokens: number;
  readonly choiceCount: number;
  /** Whether the client asks for usage at the end of the stream. */
  readonly isUsageAsked: boolean;
  /** The parsed body. It is parsed on the first call, because only translation needs it. */
  parsed(): ExactObject;
}

/** @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` naming the first member that cannot be read. */
export function readClientBody(body: ScannedCall, dialect: WireDialect): ClientBody {
  const isEmbedding = dialect === "openai-embeddings";
  const isStream = !isEmbedding && isStreamed(body);
  const { limitTokens, thinkingTokens } = requestedOutput(body, dialect);
  let exact: ExactObject | undefined;
  return {
    dialect,
    body,
    model: modelOf(body),
    isStreamed: isStream,
    limitTokens,
    thinkingTokens,
    choiceCount: body.content.choiceCount,
    isUsageAsked: dialect !== "openai-chat" || !isStream || isUsageAsked(body),
    parsed: () => {
      exact ??= parseStrictJson(Buffer.from(body.bytes).toString()) as ExactObject;
      return exact;
    },
  };
}
