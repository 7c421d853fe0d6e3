/**
 * `calybris show`: explains one entry of a journal; a decision completely.
 * @module
 */
import { explainedRecommendation } from "@calybris/engine/internal";
import { type ExplainedRecommendation, parseDecisionId } from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { keyFileOption } from "../journal/key-file.ts";
import { journalOption } from "../journal/place.ts";
import type { JournalReader, ReadBody, ReadDecision } from "../journal/reader.ts";
import { readerOf } from "../journal/reader-of.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { explanationJson, explanationText } from "./decision.ts";
import { entryJson, entryText } from "./entry.ts";
import { outcomeNear } from "./recommendation.ts";

interface ShowOptions extends TargetOptions {
  readonly json?: true;
}

const HELP = `
Examples:
  calybris show 3
  calybris show 3-1c176df6 --journal journal`;

export function showCommand(terminal: Terminal): Command {
  return new Command("show")
    .description("explain one entry of a journal")
    .argument("<entry>", "sequence of an entry, or a decision ID", entryName)
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (entry: string, options: ShowOptions) => {
      terminal.print(await shown(await readerOf(options), entry, options.json === true));
    });
}

function entryName(text: string): string {
  if (/^[1-9][0-9]{0,14}$/.test(text) || parseDecisionId(text) !== undefined) return text;
  throw new InvalidArgumentError("Write a sequence from 1, or a decision ID such as 3-1c176df6.");
}

async function shown(reader: JournalReader, name: string, isJson: boolean): Promise<string> {
  const found = await findEntry(reader, name);
  if (!("snapshot" in found)) {
    const of = await reader.decisionOf(found.entry);
    return isJson ? jsonText(entryJson(found, of)) : entryText(found, of);
  }
  const learning = await learningOf(found, reader);
  const outcome = await outcomeNear(found, reader.source);
  return isJson ? jsonText(explanationJson(found, learning, outcome)) : explanationText(found, learning, outcome);
}

/** @throws CalybrisError if the journal has no such entry. */
export async function findEntry(reader: JournalReader, name: string): Promise<ReadBody | ReadDecision> {
  return name.includes("-") ? reader.named(name) : reader.body(await reader.source.find(Number(name)));
}

/** The origin of the floor, with the values derived from the belief that was drawn from. */
async function learningOf(found: ReadDecision, reader: JournalReader): Promise<ExplainedRecommendation | undefined> {
  const { entry, snapshot } = found;
  if (entry.learning === undefined) return undefined;
  return explainedRecommendation(entry, entry.learning, snapshot, await reader.table(found));
}
