/**
 * Exports as their makers write them: the header, and rows of it.
 * @module
 */
import { type CatalogFile, loadCatalog } from "@calybris/engine";
import { type SavingsOptions, type SavingsReport, savings } from "../src/index.ts";

export const CATALOG: CatalogFile = await loadCatalog("llm-with-legacy");

/** Runs on a text, in chunks that end anywhere. */
export async function reportOf(
  text: string | Uint8Array,
  options: Partial<SavingsOptions> = {},
  chunkBytes: number = 64 * 1024,
): Promise<SavingsReport> {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  return savings(chunks(), { file: "usage", catalog: CATALOG, ...options });
}

export const SAMPLES: Readonly<Record<string, string>> = {
  "litellm-spend-logs": `request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,model_group,metadata,request_tags,team_id
a,acompletion,88dc,0.0125,2000,1000,1000,2026-03-01 10:00:00.123,2026-03-01 10:00:05,gpt-4o-2024-08-06,gpt-4o,"{""user"": ""x""}","[""search""]",t1
b,acompletion,88dc,1.5e-05,200,100,0,2026-03-02T10:00:00Z,2026-03-02T10:00:05Z,openai/gpt-4o-mini,mini,{},[],t1
`,
  "litellm-daily-spend": `id,user_id,date,api_key,model,model_group,custom_llm_provider,prompt_tokens,completion_tokens,cache_read_input_tokens,cache_creation_input_tokens,spend,api_requests,successful_requests,failed_requests
1,u1,2026-03-01,k,azure/gpt-4o,gpt-4o,azure,1000,1000,0,0,0.0125,3,3,0
`,
  "anthropic-console-usage": `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-03-01,claude-sonnet-4-5-20250929,app,Default,standard,≤ 200k,1000000,100000,0,2000000,100000,0,global,
`,
  "anthropic-console-cost": `usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed
2026-03-01,Claude Haiku 4.5,Default,app,message,≤ 200k,input_no_cache,0.05,0.05,token,global,
`,
  "anthropic-usage-api": JSON.stringify({
    data: [
      {
        starting_at: "2026-03-01T00:00:00Z",
        ending_at: "2026-03-02T00:00:00Z",
        results: [
          {
            uncached_input_tokens: 1500,
            cache_creation: { ephemeral_1h_input_tokens: 1000, ephemeral_5m_input_tokens: 500 },
            cache_read_input_tokens: 200,
            output_tokens: 500,
            server_tool_use: { web_search_requests: 10 },
            api_key_id: "apikey_1",
            workspace_id: "wrkspc_1",
            model: "claude-opus-4-1-20250805",
            service_tier: "standard",
            context_window: "0-200k",
          },
        ],
      },
    ],
    has_more: false,
    next_page: null,
  }),
  "openai-usage": `start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens
1772323200,1772409600,2026-03-01T00:00:00+00:00,2026-03-02T00:00:00+00:00,proj_1,3.0,,key_1,gpt-4.1-2025-04-14,,,7162,1000,1280,5882
1772409600,1772496000,2026-03-02T00:00:00+00:00,2026-03-03T00:00:00+00:00,,,,,,,,,,,
`,
  "openai-usage-before-2025": JSON.stringify({
    object: "list",
    data: [
      {
        aggregation_timestamp: 1730696460,
        n_requests: 1,
        operation: "completion",
        snapshot_id: "gpt-4o-2024-08-06",
        n_context_tokens_total: 31,
        n_generated_tokens_total: 12,
        n_cached_context_tokens_total: 0,
        project_name: null,
      },
    ],
  }),
  "openai-costs": JSON.stringify({
    object: "page",
    data: [
      {
        object: "bucket",
        start_time: 1772323200,
        end_time: 1772409600,
        results: [
          {
            object: "organization.costs.result",
            amount: { value: 0.06, currency: "usd" },
            line_item: "gpt-4o-2024-08-06, input",
            project_id: "proj_1",
          },
        ],
      },
    ],
    has_more: false,
  }),
  "openai-chat-completions": `{"id":"a","model":"gpt-4o-mini-2024-07-18","created":1772323200,"usage":{"prompt_tokens":10,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":0}}}
{"id":"b","model":"gpt-4o-mini-2024-07-18","created":1772323200,"usage":{"prompt_tokens":10,"completion_tokens":20}}
`,
  "openai-responses": `{"id":"a","object":"response","created_at":1772323200,"model":"gpt-5-mini-2025-08-07","usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":16},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":123}}
`,
  "anthropic-messages": `{"id":"a","model":"claude-3-5-haiku-20241022","usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":20}}
`,
};
