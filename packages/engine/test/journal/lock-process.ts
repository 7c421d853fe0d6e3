import { existsSync } from "node:fs";
import { acquireLock } from "../../src/journal/lock.ts";

// Tries for the lock when the file that is named exists, says what came of it, and holds on until it is killed.
const [directory = "", start] = process.argv.slice(2);
process.stdout.write("ready\n");
while (start !== undefined && !existsSync(start));
try {
  await acquireLock(directory);
  process.stdout.write("locked\n");
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code}\n`);
}
setInterval(() => undefined, 1_000);
