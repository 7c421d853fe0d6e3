/**
 * Writes the JSON Schemas for editors: `npm run build:schemas`.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { jsonSchemas } from "@calybris/engine/internal";

for (const [name, schema] of Object.entries(jsonSchemas()))
  await writeFile(
    new URL(`../../schemas/${name}.schema.json`, import.meta.url),
    `${JSON.stringify(schema, null, 2)}\n`,
  );
