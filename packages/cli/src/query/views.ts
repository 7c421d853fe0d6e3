/**
 * The views of `calybris query` over the lines of a journal, in DuckDB's SQL. They show the contents of entries without
 * verifying them; `verify` verifies a journal.
 * @module
 */

export interface View {
  readonly name: string;
  /** One line for the help and the documentation. */
  readonly holds: string;
  readonly sql: string;
}

/** Amounts are exact: integers for microcents, decimals with 8 places for dollars. */
export const MACROS: readonly string[] = [
  "CREATE MACRO dollars(microcents) AS CAST(CAST(microcents AS DECIMAL(28, 0)) * CAST(0.00000001 AS DECIMAL(8, 8)) AS DECIMAL(38, 8))",
  // Base64url of 32 bytes has 43 characters, and one character of padding.
  "CREATE MACRO decision_id(sequence, identity) AS sequence || '-' || left(lower(hex(from_base64(translate(identity, '-_', '+/') || '='))), 8)",
  // As in the kernel, each part is rounded up.
  "CREATE MACRO part_cost(tokens, price) AS (CAST(tokens AS HUGEINT) * price + 999999) // 1000000",
];

/** Ordered so that each uses only those before it. */
export const VIEWS: readonly View[] = [
  {
    name: "entries",
    holds: "every entry: its kind, time and caller, and `data` as JSON",
    sql: `
      WITH read AS (SELECT CAST(data->>'sequence' AS BIGINT) AS sequence, make_timestamp(CAST(data->>'at' AS BIGINT)) AS time,
        data->>'kind' AS kind, data->>'actor' AS actor, data FROM lines),
      keys AS (SELECT CAST(sequence AS VARCHAR) AS actor, data->>'name' AS name FROM read WHERE kind = 'key')
      SELECT sequence, time, kind, coalesce('key:' || keys.name, read.actor) AS actor, data->>'onBehalfOf' AS on_behalf_of, data
      FROM read LEFT JOIN keys USING (actor)`,
  },
  {
    name: "candidates",
    holds:
      "the candidates of every policy: names, tiers, quality and prices. `since` is the entry that brought the policy",
    sql: `
      SELECT since, policy_id, CAST(c->>'id' AS INTEGER) AS candidate, c->>'name' AS name,
        snapshot->'providers'->>CAST(c->>'providerId' AS INTEGER) AS provider,
        snapshot->'tiers'->>CAST(c->>'tier' AS INTEGER) AS tier, CAST(c->>'qualityBps' AS INTEGER) AS quality_bps,
        CAST(c->>'inputPriceMicrocents' AS HUGEINT) AS input_price_microcents,
        CAST(c->>'outputPriceMicrocents' AS HUGEINT) AS output_price_microcents
      FROM (SELECT sequence AS since, CAST(data->>'policyId' AS BIGINT) AS policy_id, data->'snapshot' AS snapshot,
        unnest(CAST(data->'snapshot'->'candidates' AS JSON[])) AS c
        FROM entries WHERE kind IN ('genesis', 'policy'))`,
  },
  {
    name: "decisions",
    holds: "every decision: what was requested and by whom, what was chosen and why, its cost, and what was saved",
    sql: `
      WITH read AS (SELECT sequence, time, actor, on_behalf_of, decision_id(sequence, data->>'identity') AS decision_id,
          data->>'id' AS request_id, data->>'tenant' AS tenant, coalesce(data->>'useCase', 'default') AS use_case,
          data->>'session' AS session, data->'tags' AS tags, CAST(data->>'$.request.requested' AS INTEGER) AS requested_id,
          CAST(data->>'$.request.inputTokens' AS BIGINT) AS input_tokens,
          CAST(data->>'$.request.outputTokens' AS BIGINT) AS output_tokens,
          CAST(data->>'$.request.qualityMinBps' AS INTEGER) AS quality_min_bps,
          CASE WHEN (data->>'acted') IS NULL THEN data->>'$.decision.action' ELSE 'observe' END AS action,
          data->>'$.decision.reason' AS reason,
          CAST(coalesce(data->>'acted', data->>'$.decision.selected') AS INTEGER) AS candidate,
          CAST(data->>'$.decision.costMicrocents' AS HUGEINT) AS decided_cost_microcents
        FROM entries WHERE kind = 'decision'),
      policies AS (SELECT DISTINCT since, policy_id FROM candidates),
      activations AS (SELECT sequence AS active_from, CAST(data->>'policyId' AS BIGINT) AS policy_id FROM entries
        WHERE kind = 'genesis' OR (kind = 'policy' AND (data->>'change') IS DISTINCT FROM 'staged')),
      active AS (SELECT active_from, since, policy_id FROM activations JOIN policies USING (policy_id)),
      named AS (SELECT read.*, since, policy_id FROM read ASOF JOIN active ON read.sequence >= active.active_from),
      priced AS (SELECT named.*, chosen.name AS chosen, chosen.provider, chosen.tier, chosen.quality_bps, requested.name AS requested,
          part_cost(input_tokens, requested.input_price_microcents)
            + part_cost(output_tokens, requested.output_price_microcents) AS requested_cost_microcents,
          CASE WHEN action <> 'observe' THEN decided_cost_microcents
            WHEN candidate > 0 THEN requested_cost_microcents END AS cost_microcents
        FROM named LEFT JOIN candidates AS chosen USING (since, candidate)
          LEFT JOIN candidates AS requested ON requested.since = named.since AND requested.candidate = requested_id)
      SELECT sequence, time, decision_id, request_id, tenant, use_case, actor, on_behalf_of, session, tags, policy_id,
        requested, chosen, provider, tier, quality_bps, quality_min_bps, action, reason, input_tokens, output_tokens,
        dollars(cost_microcents) AS cost_dollars, dollars(requested_cost_microcents) AS requested_cost_dollars,
        dollars(CASE WHEN action <> 'reject' THEN requested_cost_microcents - cost_microcents END) AS saved_dollars
      FROM priced ORDER BY sequence`,
  },
  {
    name: "outcomes",
    holds: "every reported outcome: whether it succeeded, its reward, cost and latency, and the model that ran",
    sql: `
      SELECT e.sequence, e.time, d.decision_id, d.tenant, d.use_case, d.chosen, e.actor, data->>'disposition' AS disposition,
        CAST(data->>'succeeded' AS BOOLEAN) AS succeeded, CAST(data->>'successBps' AS INTEGER) AS success_bps,
        CAST(data->>'rewardBps' AS INTEGER) AS reward_bps, CAST(data->>'latencyMs' AS BIGINT) AS latency_ms,
        data->'signals' AS signals, CAST(data->>'learned' AS BOOLEAN) AS learned,
        dollars(coalesce(data->>'costMicrocents', data->>'settledMicrocents', data->>'claimedMicrocents')) AS cost_dollars
      FROM entries AS e LEFT JOIN decisions AS d ON d.sequence = CAST(data->>'of' AS BIGINT)
      WHERE e.kind = 'outcome' ORDER BY e.sequence`,
  },
  {
    name: "money",
    holds:
      "every entry that reserves, settles, frees or grants money: its tenant, its decision, and the amount that it names",
    sql: `
      SELECT e.sequence, e.time, CASE e.kind WHEN 'decision' THEN 'reservation' ELSE e.kind END AS kind,
        coalesce(data->>'tenant', d.tenant) AS tenant, d.decision_id, e.actor, e.on_behalf_of, data->>'cause' AS cause,
        dollars(coalesce(data->>'reservedMicrocents', data->>'$.decision.costMicrocents', data->>'actualMicrocents',
          data->>'amountMicrocents', data->>'allotmentMicrocents', data->>'settledMicrocents', data->>'claimedMicrocents',
          data->>'knownMicrocents')) AS dollars
      FROM entries AS e LEFT JOIN decisions AS d
        ON d.sequence = CASE e.kind WHEN 'decision' THEN e.sequence ELSE CAST(data->>'of' AS BIGINT) END
      WHERE e.kind IN ('grant', 'period', 'settlement', 'release', 'hold', 'expiry', 'reconciliation', 'correction')
        OR (e.kind = 'decision' AND (data->>'tenant') IS NOT NULL AND (data->>'$.decision.costMicrocents') IS NOT NULL)
        OR (e.kind = 'outcome' AND coalesce(data->>'settledMicrocents', data->>'claimedMicrocents') IS NOT NULL)
      ORDER BY e.sequence`,
  },
];
