/**
 * Writes what follows from the field tables of entries: `npm run build:entries`. A test holds both files fresh.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { withParts } from "./page.ts";
import { schemaText } from "./schema.ts";

const SCHEMA = new URL("../../../conformance/entries.schema.json", import.meta.url);
const PAGE = new URL("../../../docs/formats.md", import.meta.url);

writeFileSync(SCHEMA, schemaText());
writeFileSync(PAGE, withParts(readFileSync(PAGE, "utf8")));
