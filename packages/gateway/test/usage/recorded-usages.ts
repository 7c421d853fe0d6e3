/**
 * The usage of every recorded stream. It was computed by a second program, in another language, that shares no code with the
 * readers; rows with a cache, searches, compaction or an advisor were checked against the recordings by hand as well. Columns: stream, input, read from a cache, written for the short time, for an hour, output, reasoning,
 * searches, tier; `none` for a stream that nobody asked for its usage, or that failed.
 *
 * Two differ from the second program on purpose: Gemini 2.5 bills one search for a prompt that ran three queries, or two.
 */
export const RECORDED_USAGES: string = `
v/anthropic/anthropic-advisor-20250301.1 4727 0 0 0 3391 0 0 standard
v/anthropic/anthropic-advisor-stop-reasons 10 0 0 0 20 0 0
v/anthropic/anthropic-clear-thinking.1 69 0 0 0 53 0 0 standard
v/anthropic/anthropic-code-execution-20250825.1 8050 0 0 0 771 0 0 standard
v/anthropic/anthropic-code-execution-20250825.2 15696 0 0 0 2479 0 0 standard
v/anthropic/anthropic-code-execution-20250825.pptx-skill 320032 0 0 0 5558 0 0 standard
v/anthropic/anthropic-code-execution-20260120-prompt-cache.1 9632 6289 3337 0 198 0 0 standard
v/anthropic/anthropic-compaction.1 60997 0 0 0 3341 0 0 standard
v/anthropic/anthropic-json-other-tool.1 843 0 0 0 28 0 0 standard
v/anthropic/anthropic-json-output-format.1 313 0 0 0 305 0 0 standard
v/anthropic/anthropic-message-delta-input-tokens 61 0 0 0 2 0 0
v/anthropic/anthropic-programmatic-tool-calling.1 4551 0 0 0 197 0 0 standard
v/anthropic/anthropic-refusal 18 0 0 0 5 0 0 standard
v/anthropic/anthropic-text 12 0 0 0 30 0 0 standard
v/anthropic/anthropic-tool-no-args 565 0 0 0 48 0 0 standard
v/anthropic/anthropic-tool-search-deferred-bm25 1639 0 0 0 95 0 0 standard
v/anthropic/anthropic-web-fetch-tool.1 4230 0 0 0 446 0 0 standard
v/anthropic/anthropic-web-search-tool.1 15665 0 0 0 795 0 1 standard
v/anthropic/duplicate-message-start 17 0 0 0 227 0 0
v/anthropic/spliced-message-start 17 0 0 0 65 0 0
v/deepseek/chat/deepseek-reasoning 18 0 0 0 219 205 0
v/google/google-reasoning-gemini3 9 0 0 0 325 302 0
v/google/google-reasoning 9 0 0 0 285 256 0
v/google/google-stream-no-args-tool-call 249 0 0 0 241 183 0 provisioned
v/google/google-tool-call-gemini3 29 0 0 0 819 804 0
v/google/google-vertex-stream-tool-call-arguments-nested.1 31 0 0 0 1710 1026 0 standard
v/mistral/mistral-incremental-tool-call 171 128 0 0 14 0 0
v/mistral/mistral-reasoning 10 0 0 0 46 0 0
v/mistral/mistral-text 13 0 0 0 8 0 0
v/openai/chat/azure-model-router.1 15 0 0 0 78 64 0
v/openai/chat/openai-text 16 0 0 0 300 0 0 default
v/openai/responses/github-copilot-id-rotation.1 19 0 0 0 105 44 0 default
v/openai/responses/openai-apply-patch-tool-delete.1 24 0 0 0 0 0 0 default
v/openai/responses/openai-apply-patch-tool.1 642 0 0 0 67 0 0 default
v/openai/responses/openai-client-tool-search.1 65 0 0 0 31 0 0 default
v/openai/responses/openai-client-tool-search.2 467 0 0 0 26 0 0 default
v/openai/responses/openai-code-interpreter-tool.1 6047 2944 0 0 1623 1408 0 default
v/openai/responses/openai-compaction.1 51097 49792 0 0 2505 0 0 default
v/openai/responses/openai-custom-tool.1 50 0 0 0 20 0 0
v/openai/responses/openai-error.1 none
v/openai/responses/openai-file-search-tool.1 3737 2304 0 0 621 512 0 default
v/openai/responses/openai-file-search-tool.2 3748 2304 0 0 543 448 0 default
v/openai/responses/openai-local-shell-tool.1 407 0 0 0 151 128 0 default
v/openai/responses/openai-mcp-tool.1 11791 0 0 0 963 512 0 default
v/openai/responses/openai-phase.1 7112 3072 0 0 463 64 0 default
v/openai/responses/openai-reasoning-encrypted-content.1 299 0 0 0 12 0 0 default
v/openai/responses/openai-shell-container-multiturn.1 802 0 0 0 20 0 0 default
v/openai/responses/openai-shell-container.1 200 0 0 0 120 0 0 default
v/openai/responses/openai-shell-skills.1 1501 1024 0 0 314 100 0 default
v/openai/responses/openai-shell-tool.1 331 0 0 0 166 0 0 default
v/openai/responses/programmatic-tool-calling.1 631 0 0 0 87 37 0 default
v/openai/responses/programmatic-tool-calling.2 0 0 0 0 0 0 0 auto
v/openai/responses/programmatic-tool-calling.3 757 0 0 0 35 0 0 default
l/anthropicMessageWithSystemMessage/anthropic/1 430 0 0 0 70 0 0 standard
l/anthropicMixedToolResultWithText/anthropic/2 732 0 0 0 220 0 0 standard
l/anthropicOpus5AdaptiveThinkingMaxEffortParam/responses/2 36 0 0 0 110 85 0 default
l/anthropicOpus5AdaptiveThinkingMaxEffortParam/responses/1 13 0 0 0 11 0 0 default
l/anthropicOpus5DisabledThinkingHighEffortParam/anthropic/2 32 0 0 0 99 0 0 standard
l/anthropicOpus5DisabledThinkingHighEffortParam/anthropic/1 13 0 0 0 11 0 0 standard
l/bedrockAnthropicContextManagementParam/anthropic/2 29 0 0 0 108 0 0 standard
l/bedrockAnthropicContextManagementParam/anthropic/1 8 0 0 0 12 0 0 standard
l/bedrockAnthropicOpus48SamplingParam/chat-completions/2 none
l/bedrockAnthropicOpus48SamplingParam/chat-completions/1 none
l/cacheControl1hParam/anthropic/1 11 0 0 0 20 0 0 standard
l/cacheControl5mParam/anthropic/1 11 0 0 0 20 0 0 standard
l/chatCompletionsAnthropicCacheControlParam/anthropic/2 13173 12963 5 0 175 0 0 standard
l/chatCompletionsAssistantCacheControlParam/anthropic/1 23 0 0 0 26 0 0 standard
l/chatCompletionsAssistantCacheControlParam/chat-completions/2 none
l/chatCompletionsAssistantCacheControlParam/chat-completions/1 none
l/chatCompletionsSystemCacheControlParam/anthropic/1 22 0 0 0 286 0 0 standard
l/chatCompletionsSystemCacheControlParam/chat-completions/2 none
l/chatCompletionsSystemCacheControlParam/chat-completions/1 none
l/codeInterpreterToolParam/anthropic/1 566 0 0 0 60 0 0 standard
l/codeInterpreterToolParam/google/2 26 0 0 0 591 326 0
l/codeInterpreterToolParam/responses/1 1246 0 0 0 676 640 0 default
l/complexReasoningRequest/anthropic/2 931 0 0 0 265 0 0 standard
l/complexReasoningRequest/anthropic/1 80 0 0 0 1404 0 0 standard
l/complexReasoningRequest/chat-completions/2 none
l/complexReasoningRequest/chat-completions/1 none
l/complexReasoningRequest/google/2 2612 0 0 0 1713 983 0
l/complexReasoningRequest/google/1 75 0 0 0 5181 2845 0
l/complexReasoningRequest/responses/2 628 0 0 0 8179 7680 0 default
l/exclusiveMinimumToolParam/chat-completions/2 none
l/exclusiveMinimumToolParam/chat-completions/1 none
l/exclusiveMinimumToolParam/responses/1 66 0 0 0 885 768 0 default
l/fableTemperatureParam/anthropic/2 36 0 0 0 164 45 0 standard
l/fableTemperatureParam/anthropic/1 11 0 0 0 13 0 0 standard
l/functionToolsWithReasoningEffortParam/responses/1 41 0 0 0 43 23 0 default
l/googleOpenAIModelTopKParam/google/2 35 0 0 0 1020 981 0 standard
l/googleOpenAIModelTopKParam/google/1 9 0 0 0 499 484 0 standard
l/googleResponseSchemaPropertyOrderingParam/google/2 33 0 0 0 124 118 0
l/googleResponseSchemaPropertyOrderingParam/google/1 9 0 0 0 45 29 0
l/googleToolCallThoughtSignatureReplayParam/chat-completions/2 none
l/googleToolCallThoughtSignatureReplayParam/google/2 105 0 0 0 186 0 0 standard
l/googleToolSchemaNumericInt64Param/google/1 62 0 0 0 92 66 0 standard
l/imageConfigParam/google/2 273 0 0 0 0 0 0
l/imageConfigParam/google/1 7 0 0 0 1290 0 0
l/imageUrlMimeTypeFallbackParam/chat-completions/2 none
l/imageUrlMimeTypeFallbackParam/chat-completions/1 none
l/instructionsParam/anthropic/1 10 0 0 0 20 0 0 standard
l/instructionsParam/google/2 18 0 0 0 446 264 0
l/jsonSchemaFormatParam/anthropic/2 207 0 0 0 22 0 0 standard
l/jsonSchemaFormatParam/chat-completions/2 none
l/jsonSchemaFormatParam/chat-completions/1 none
l/jsonSchemaFormatParam/google/2 51 0 0 0 124 118 0
l/jsonSchemaFormatParam/google/1 17 0 0 0 87 61 0
l/jsonSchemaFormatParam/responses/2 79 0 0 0 1602 1536 0 default
l/jsonSchemaFormatParam/responses/1 42 0 0 0 1060 1024 0 default
l/jsonSchemaMinMaxItemsParam/chat-completions/2 none
l/jsonSchemaMinMaxItemsParam/google/2 36 0 0 0 59 45 0
l/jsonSchemaMinMaxItemsParam/responses/2 78 0 0 0 1164 1088 0 default
l/jsonSchemaMinMaxItemsParam/responses/1 49 0 0 0 379 320 0 default
l/jsonSchemaMinimumMaximumParam/chat-completions/1 none
l/jsonSchemaMinimumMaximumParam/responses/2 66 0 0 0 2850 2816 0 default
l/jsonSchemaMinimumMaximumParam/responses/1 42 0 0 0 518 448 0 default
l/jsonSchemaPrefixItemsParam/chat-completions/2 none
l/jsonSchemaPrefixItemsParam/chat-completions/1 none
l/jsonSchemaPrefixItemsParam/google/2 23 0 0 0 42 33 0
l/jsonSchemaPrefixItemsParam/google/1 14 0 0 0 122 119 0
l/jsonSchemaPrefixItemsParam/responses/2 96 0 0 0 2850 2816 0 default
l/jsonSchemaPrefixItemsParam/responses/1 70 0 0 0 350 320 0 default
l/maxCompletionTokensParam/anthropic/1 10 0 0 0 5 0 0 standard
l/maxCompletionTokensParam/google/2 13 0 0 0 496 477 0
l/metadataParam/anthropic/1 10 0 0 0 4 0 0 standard
l/metadataParam/responses/1 7 0 0 0 621 512 0 default
l/multimodalRequest/anthropic/2 226 0 0 0 234 0 0 standard
l/multimodalRequest/anthropic/1 90 0 0 0 136 0 0 standard
l/multimodalRequest/chat-completions/2 none
l/multimodalRequest/chat-completions/1 none
l/multimodalRequest/responses/1 321 0 0 0 284 256 0 default
l/openAIMultipleReasoningSignaturesReplayParam/chat-completions/2 none
l/openAIMultipleReasoningSignaturesReplayParam/chat-completions/1 none
l/openAIMultipleReasoningSignaturesReplayParam/responses/2 926 0 0 0 47 18 0 default
l/openAIMultipleReasoningSignaturesReplayParam/responses/1 749 0 0 0 229 174 0 default
l/openaiPromptCacheKeyParam/chat-completions/2 none
l/openaiPromptCacheKeyParam/chat-completions/1 none
l/openaiPromptCacheKeyParam/responses/2 190 0 0 0 1223 896 0 default
l/openaiPromptCacheKeyParam/responses/1 13 0 0 0 829 576 0 default
l/openaiServiceTierFastParam/responses/2 28 0 0 0 55 27 0 priority
l/openaiServiceTierFastParam/responses/1 10 0 0 0 5 0 0 priority
l/opus47AdaptiveThinkingReasoningEffortParam/anthropic/2 44 0 0 0 120 0 0 standard
l/opus47AdaptiveThinkingReasoningEffortParam/anthropic/1 18 0 0 0 14 0 0 standard
l/opus47AdaptiveThinkingReasoningEffortParam/chat-completions/2 none
l/opus47AdaptiveThinkingReasoningEffortParam/chat-completions/1 none
l/outputConfigEffortWithJsonSchemaParam/anthropic/2 198 0 0 0 12 0 0 standard
l/outputConfigJsonSchemaParam/anthropic/1 176 0 0 0 12 0 0 standard
l/outputFormatJsonSchemaParam/anthropic/2 197 0 0 0 12 0 0 standard
l/outputFormatJsonSchemaParam/anthropic/1 176 0 0 0 12 0 0 standard
l/parallelToolCallsDisabledParam/anthropic/1 349 0 0 0 62 0 0 standard
l/parallelToolCallsDisabledParam/responses/1 122 0 0 0 214 192 0 default
l/parallelToolCallsRequest/anthropic/2 803 0 0 0 184 0 0 standard
l/parallelToolCallsRequest/bedrock-anthropic/1 757 0 0 0 61 0 0
l/parallelToolCallsRequest/chat-completions/2 none
l/parallelToolCallsRequest/chat-completions/1 none
l/parallelToolCallsRequest/google/2 180 0 0 0 113 80 0
l/parallelToolCallsRequest/google/1 140 0 0 0 33 0 0
l/parallelToolCallsRequest/responses/2 189 0 0 0 1540 1344 0 default
l/parallelToolCallsRequest/responses/1 136 0 0 0 678 576 0 default
l/promptCacheKeyParam/anthropic/1 13 0 0 0 4 0 0 standard
l/reasoningEffortLowParam/anthropic/1 14 0 0 0 5 0 0 standard
l/reasoningEffortLowParam/google/1 8 0 0 0 48 41 0
l/reasoningEffortMaxClampsToGpt5NanoParam/anthropic/2 37 0 0 0 69 0 0 standard
l/reasoningEffortMaxClampsToGpt5NanoParam/anthropic/1 14 0 0 0 14 0 0 standard
l/reasoningEffortMinimalParam/chat-completions/1 none
l/reasoningEffortMinimalParam/responses/2 30 0 0 0 145 0 0 default
l/reasoningEffortMinimalParam/responses/1 13 0 0 0 19 0 0 default
l/reasoningEffortNoneParam/chat-completions/1 none
l/reasoningEffortNoneParam/responses/2 37 0 0 0 117 0 0 default
l/reasoningEffortNoneParam/responses/1 13 0 0 0 12 0 0 default
l/reasoningRequest/anthropic/1 45 0 0 0 219 0 0 standard
l/reasoningRequest/bedrock-anthropic/2 282 0 0 0 143 0 0
l/reasoningRequest/chat-completions/2 none
l/reasoningRequest/chat-completions/1 none
l/reasoningRequest/google/2 385 0 0 0 1009 798 0
l/reasoningRequest/google/1 37 0 0 0 933 606 0
l/reasoningRequestTruncated/anthropic/2 157 0 0 0 100 0 0 standard
l/reasoningRequestTruncated/bedrock-anthropic/1 45 0 0 0 100 0 0
l/reasoningRequestTruncated/chat-completions/1 none
l/reasoningRequestTruncated/google/2 48 0 0 0 96 94 0
l/reasoningRequestTruncated/google/1 37 0 0 0 96 95 0
l/reasoningSummaryParam/anthropic/2 28 0 0 0 54 0 0 standard
l/reasoningSummaryParam/anthropic/1 14 0 0 0 5 0 0 standard
l/reasoningSummaryParam/google/2 122 0 0 0 889 724 0
l/reasoningSummaryParam/google/1 8 0 0 0 22 17 0
l/reasoningWithOutput/anthropic/2 105 0 0 0 111 0 0 standard
l/reasoningWithOutput/anthropic/1 13 0 0 0 86 0 0 standard
l/reasoningWithOutput/chat-completions/2 none
l/reasoningWithOutput/chat-completions/1 none
l/reasoningWithOutput/google/2 360 0 0 0 1830 1291 0
l/reasoningWithOutput/responses/1 12 0 0 0 142 64 0 default
l/responseModalitiesAudioParam/google/1 10 0 0 0 20 0 0
l/responsesAdditionalToolsMultipleToolsParam/responses/2 260 0 0 0 40 15 0 default
l/responsesAdditionalToolsMultipleToolsParam/responses/1 173 0 0 0 67 47 0 default
l/responsesAdditionalToolsParam/responses/2 235 0 0 0 1320 1152 0 default
l/responsesAdditionalToolsParam/responses/1 135 0 0 0 789 704 0 default
l/responsesCustomToolCallStreamingParam/responses/2 173 0 0 0 4 0 0 default
l/responsesCustomToolCallStreamingParam/responses/1 81 0 0 0 69 14 0 default
l/responsesGpt56PersistedReasoningParam/responses/1 17 0 0 0 107 48 0 default
l/responsesGpt56ReasoningMaxProContextParam/responses/2 4380 0 0 0 3490 2558 0 default
l/responsesInputFileUrlParam/responses/2 10327 8576 0 0 2015 1280 0 default
l/responsesInputFileUrlParam/responses/1 8635 8576 0 0 3727 2368 0 default
l/responsesProgrammaticToolCallingToolsParam/responses/2 674 0 0 0 39 0 0 default
l/responsesProgrammaticToolCallingToolsParam/responses/1 600 0 0 0 46 16 0 default
l/responsesReasoningEffortMaxParam/anthropic/2 37 0 0 0 67 0 0 standard
l/responsesReasoningEffortMaxParam/anthropic/1 14 0 0 0 14 0 0 standard
l/responsesReasoningEffortMaxParam/responses/2 36 0 0 0 105 62 0 default
l/responsesToolSearchInputParam/anthropic/1 1807 0 0 0 214 0 0 standard
l/responsesToolSearchInputParam/responses/2 813 0 0 0 33 0 0 default
l/responsesToolSearchInputParam/responses/1 538 0 0 0 66 49 0 default
l/safetyIdentifierParam/chat-completions/2 none
l/safetyIdentifierParam/chat-completions/1 none
l/safetyIdentifierParam/responses/2 127 0 0 0 1218 896 0 default
l/safetyIdentifierParam/responses/1 7 0 0 0 207 128 0 default
l/seedParam/google/2 32 0 0 0 1162 959 0
l/seedParam/google/1 5 0 0 0 568 549 0
l/serviceTierParam/anthropic/1 10 0 0 0 5 0 0 standard
l/serviceTierParam/responses/1 7 0 0 0 361 256 0 default
l/simpleRequest/bedrock-anthropic/2 33 0 0 0 111 0 0
l/simpleRequest/google/2 24 0 0 0 1196 1051 0
l/simpleRequest/responses/2 31 0 0 0 86 0 0 default
l/simpleRequestTruncated/anthropic/2 29 0 0 0 1 0 0 standard
l/simpleRequestTruncated/anthropic/1 16 0 0 0 1 0 0 standard
l/simpleRequestTruncated/google/1 10 0 0 0 0 0 0
l/speechConfigParam/google/1 11 0 0 0 23 0 0
l/stopSequencesParam/google/2 45 0 0 0 379 362 0
l/stopSequencesParam/google/1 10 0 0 0 50 24 0
l/storeDisabledParam/responses/1 7 0 0 0 472 384 0 default
l/streamParam/anthropic/1 10 0 0 0 11 0 0 standard
l/systemMessageArrayContent/anthropic/2 300 0 0 0 300 0 0 standard
l/systemMessageArrayContent/chat-completions/1 none
l/systemMessageArrayContent/google/1 29 0 0 0 296 284 0
l/systemMessageArrayContent/responses/1 35 0 0 0 256 256 0 default
l/temperatureParam/anthropic/1 10 0 0 0 11 0 0 standard
l/temperatureParam/google/2 14 0 0 0 1158 736 0
l/temperatureParam/google/1 4 0 0 0 26 23 0
l/textEditorToolParam/anthropic/1 1025 0 0 0 104 0 0 standard
l/textEditorToolV2Param/anthropic/1 1087 0 0 0 110 0 0 standard
l/textFormatJsonObjectParam/google/1 11 0 0 0 30 24 0
l/textFormatJsonSchemaNullableUnionTypeGpt54NanoParam/chat-completions/1 none
l/textFormatJsonSchemaParam/anthropic/2 197 0 0 0 12 0 0 standard
l/textFormatJsonSchemaParam/anthropic/1 176 0 0 0 12 0 0 standard
l/textFormatJsonSchemaParam/google/1 9 0 0 0 117 107 0
l/textFormatJsonSchemaParam/responses/1 43 0 0 0 211 192 0 default
l/textFormatJsonSchemaWithDescriptionParam/anthropic/2 197 0 0 0 12 0 0 standard
l/textFormatJsonSchemaWithDescriptionParam/anthropic/1 176 0 0 0 12 0 0 standard
l/textFormatJsonSchemaWithDescriptionParam/chat-completions/2 none
l/textFormatJsonSchemaWithDescriptionParam/chat-completions/1 none
l/textFormatJsonSchemaWithDescriptionParam/google/2 27 0 0 0 83 68 0
l/textFormatJsonSchemaWithDescriptionParam/google/1 9 0 0 0 122 109 0
l/textFormatJsonSchemaWithDescriptionParam/responses/2 78 0 0 0 1627 1600 0 default
l/textFormatJsonSchemaWithDescriptionParam/responses/1 50 0 0 0 590 512 0 default
l/thinkingLevelParam/google/2 577 0 0 0 558 252 0
l/thinkingLevelParam/google/1 6 0 0 0 569 372 0
l/toolCallRequest/anthropic/1 677 0 0 0 41 0 0 standard
l/toolCallRequest/bedrock-anthropic/2 748 0 0 0 41 0 0
l/toolCallRequest/chat-completions/1 none
l/toolCallRequest/google/1 73 0 0 0 67 48 0 standard
l/toolCallRequest/responses/1 66 0 0 0 299 256 0 default
l/toolChoiceAnyParam/anthropic/1 374 0 0 0 39 0 0 standard
l/toolChoiceAnyParam/google/2 122 0 0 0 108 92 0
l/toolChoiceAnyParam/google/1 37 0 0 0 76 61 0
l/toolChoiceNoneParam/anthropic/1 372 0 0 0 46 0 0 standard
l/toolChoiceNoneParam/google/1 37 0 0 0 638 490 0
l/toolChoiceRequiredParam/anthropic/1 379 0 0 0 33 0 0 standard
l/toolChoiceRequiredParam/chat-completions/1 none
l/toolChoiceRequiredParam/google/2 115 0 0 0 97 82 0
l/toolChoiceRequiredParam/google/1 37 0 0 0 60 45 0
l/toolChoiceRequiredWithReasoningParam/chat-completions/2 none
l/toolChoiceRequiredWithReasoningParam/chat-completions/1 none
l/toolChoiceRequiredWithReasoningParam/google/2 207 0 0 0 35 19 0
l/toolChoiceRequiredWithReasoningParam/google/1 42 0 0 0 69 53 0
l/topKParam/anthropic/1 10 0 0 0 11 0 0 standard
l/topKParam/google/1 4 0 0 0 22 20 0
l/topPParam/anthropic/2 35 0 0 0 119 0 0 standard
l/topPParam/chat-completions/1 none
l/topPParam/google/2 14 0 0 0 898 750 0
l/topPParam/google/1 4 0 0 0 18 16 0
l/truncationAutoParam/responses/1 7 0 0 0 324 256 0 default
l/urlContextToolParam/google/1 3208 0 0 0 309 38 0
l/webSearchToolAdvancedParam/google/1 97 0 0 0 1034 369 1
l/webSearchToolParam/anthropic/1 12551 0 0 0 866 0 1 standard
l/webSearchToolParam/google/2 573 0 0 0 438 104 0
l/webSearchToolParam/google/1 114 0 0 0 1438 628 1
l/webSearchToolParam/responses/1 50032 4224 0 0 4737 4032 0 default
l/webSearchUserLocationParam/anthropic/1 2032 0 0 0 160 0 0 standard
`;

/** The name of a stream as the table has it. */
export function shortName(name: string): string {
  return name
    .replace("./", "")
    .replace("packages/", "v/")
    .replace("src/__fixtures__/", "")
    .replace("/src/", "/")
    .replace("/__fixtures__", "")
    .replace("payloads/snapshots/", "l/")
    .replace(".chunks.txt", "")
    .replace("response-streaming.json", "1")
    .replace("followup-1", "2");
}
