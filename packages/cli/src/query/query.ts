/**
 * `calybris query`: runs SQL over a journal with DuckDB.
 * @module
 */
import { Command } from "commander";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { logFiles } from "../journal/log-lines.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { counted } from "../terminal/number-text.ts";
import { tableText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { type Answer, loadDuckDb, QueryRefused, query } from "./duckdb.ts";
import { VIEWS } from "./views.ts";

interface QueryOptions extends JournalOptions {
  readonly json?: true;
}

const NAME_WIDTH = Math.max(...VIEWS.map(({ name }) => name.length));

const HELP = `
Views:
${VIEWS.map(({ name, holds }) => `  ${name.padEnd(NAME_WIDTH)}  ${holds}`).join("\n")}

DuckDB reads the files of the journal, archived segments too, and changes nothing. It is installed separately:
npm install @duckdb/node-api. With --json, integers beyond 32 bits, decimals and times are texts.

Examples:
  calybris query "SELECT chosen, count(*) AS decisions, sum(saved_dollars) AS saved FROM decisions GROUP BY chosen"
  calybris query "SELECT tenant, kind, sum(dollars) FROM money GROUP BY ALL ORDER BY ALL"
  calybris query "DESCRIBE decisions"`;

export function queryCommand(terminal: Terminal): Command {
  const command = new Command("query");
  return command
    .description("run a SQL query over a journal: decisions, money, outcomes")
    .argument("<sql>", "one SELECT in DuckDB's SQL")
    .addOption(journalOption())
    .addOption(configOption())
    .option("--json", "print a JSON line for each row")
    .addHelpText("after", HELP)
    .action(async (sql: string, options: QueryOptions) => {
      const { directory } = await placeOf(options);
      const { files } = logFiles(directory);
      try {
        const answer = await query(await loadDuckDb(), files, sql);
        if (options.json === true) for (const line of jsonLines(answer)) terminal.print(line);
        else terminal.print(answerText(answer));
      } catch (error) {
        if (error instanceof QueryRefused) command.error(`error: ${error.message}`);
        throw error;
      }
    });
}

function* jsonLines({ columns, rows }: Answer): Generator<string> {
  for (const row of rows)
    yield printable(jsonText(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))));
}

function answerText({ columns, rows }: Answer): string {
  const heads = columns.map(({ name, isNumber }) => `${isNumber ? ">" : "<"}${printable(name)}`);
  const table = tableText(
    heads,
    rows.map((row) => row.map(cellText)),
  );
  return `${table}\n${counted(rows.length, "row", "rows")}`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return printable(typeof value === "string" ? value : jsonText(value));
}
