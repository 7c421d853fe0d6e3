/**
 * Runs DuckDB over the files of a journal. The package is 68 MB, so its installation is optional, and the used part of its
 * API is declared here.
 * @module
 */
import { realpathSync } from "node:fs";
import { PACKED_ENDING } from "@calybris/engine/internal";
import { MACROS, VIEWS } from "./views.ts";

/** The package; `DUCKDB_VERSION` is the version that the tests install. */
export const DUCKDB_PACKAGE = "@duckdb/node-api";
export const DUCKDB_VERSION = "1.5.6-r.1";

/** The used exports of `@duckdb/node-api`. */
interface DuckDb {
  readonly DuckDBInstance: {
    readonly create: (path: string, options: Readonly<Record<string, string>>) => Promise<Instance>;
  };
  readonly StatementType: { readonly SELECT: number; readonly EXPLAIN: number };
}

interface Instance {
  readonly connect: () => Promise<Connection>;
  readonly closeSync: () => void;
}

interface Connection {
  readonly run: (sql: string) => Promise<unknown>;
  readonly extractStatements: (
    sql: string,
  ) => Promise<{ readonly count: number; readonly prepare: (index: number) => Promise<Prepared> }>;
  readonly closeSync: () => void;
}

interface Prepared {
  readonly statementType: number;
  readonly runAndReadAll: () => Promise<Read>;
}

interface Read {
  readonly columnNames: () => readonly string[];
  readonly columnTypes: () => readonly { readonly toString: () => string }[];
  readonly getRowsJson: () => readonly (readonly unknown[])[];
}

export interface Answer {
  /** Names, in order. */
  readonly columns: readonly { readonly name: string; readonly isNumber: boolean }[];
  /** Integers beyond 32 bits, decimals and times are strings. */
  readonly rows: readonly (readonly unknown[])[];
}

/** The refusal of a query, with the reason as a sentence for the user. */
export class QueryRefused extends Error {}

/** @throws QueryRefused if the package is not installed. */
export async function loadDuckDb(name: string = DUCKDB_PACKAGE): Promise<DuckDb> {
  try {
    return (await import(name)) as DuckDb;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    const remedy = `Install it where calybris is installed: npm install ${DUCKDB_PACKAGE}@${DUCKDB_VERSION} (about 70 MB).`;
    throw new QueryRefused(`\`calybris query\` needs DuckDB, which is not installed. ${remedy}`, { cause });
  }
}

/**
 * Runs one SELECT over the views.
 *
 * @param files - the segments in order, including compressed ones.
 * @throws QueryRefused for anything but a single SELECT, and for errors of DuckDB.
 */
export async function query(
  { DuckDBInstance, StatementType }: DuckDb,
  files: readonly string[],
  sql: string,
): Promise<Answer> {
  const instance = await DuckDBInstance.create(":memory:", { autoinstall_known_extensions: "false" });
  const connection = await instance.connect();
  try {
    for (const statement of setUp(files)) await connection.run(statement);
    return await answerOf(connection, StatementType, sql);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function answerOf(
  connection: Connection,
  { SELECT, EXPLAIN }: DuckDb["StatementType"],
  sql: string,
): Promise<Answer> {
  try {
    const statements = await connection.extractStatements(sql);
    if (statements.count !== 1) throw new QueryRefused(`Write one statement; there are ${statements.count}.`);
    const prepared = await statements.prepare(0);
    // Other statements could write files, even those of the journal.
    if (![SELECT, EXPLAIN].includes(prepared.statementType))
      throw new QueryRefused("Write a SELECT: a query changes nothing.");
    const read = await prepared.runAndReadAll();
    const types = read.columnTypes().map(String);
    const columns = read.columnNames().map((name, index) => ({ name, isNumber: NUMBER.test(types[index] ?? "") }));
    return { columns, rows: read.getRowsJson() };
  } catch (error) {
    if (error instanceof QueryRefused) throw error;
    throw new QueryRefused(error instanceof Error ? error.message.trim() : String(error), { cause: error });
  }
}

const NUMBER = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|DECIMAL|FLOAT|DOUBLE)/;
/** Maximum length of a line of a journal. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

function setUp(files: readonly string[]): readonly string[] {
  // An archived segment is a link to a compressed file, which DuckDB recognises by its name.
  const paths = files.map((file) => realpathSync(file));
  const sealed = paths.slice(0, -1);
  const parts = [
    linesOf(sealed.filter(isPacked), "compression = 'zstd'"),
    linesOf(
      sealed.filter((path) => !isPacked(path)),
      "compression = 'uncompressed'",
    ),
    // The last segment may end with a partial line, after a crash or during a write.
    linesOf(
      paths.slice(-1),
      `compression = '${isPacked(paths.at(-1) ?? "") ? "zstd" : "uncompressed"}', ignore_errors = true`,
    ),
  ];
  return [
    `CREATE VIEW lines AS ${parts.flat().join(" UNION ALL ")}`,
    ...MACROS,
    ...VIEWS.map(({ name, sql }) => `CREATE VIEW ${name} AS ${sql}`),
  ];
}

function isPacked(path: string): boolean {
  return path.endsWith(PACKED_ENDING);
}

function linesOf(paths: readonly string[], options: string): readonly string[] {
  if (paths.length === 0) return [];
  const list = paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(", ");
  const shape = `format = 'newline_delimited', columns = {data: 'JSON'}, maximum_object_size = ${LINE_BYTES_MAX}`;
  return [`SELECT data FROM read_json([${list}], ${shape}, ${options}) WHERE data IS NOT NULL`];
}
