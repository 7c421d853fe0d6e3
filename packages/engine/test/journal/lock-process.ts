import { acquireLock } from "../../src/journal/lock.ts";

// Tries for the lock at an instant, says what came of it, and holds on until it is killed.
const [directory = "", at = "0"] = process.argv.slice(2);
while (Date.now() < Number(at));
try {
  await acquireLock(directory);
  process.stdout.write("locked\n");
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code}\n`);
}
setInterval(() => undefined, 1_000);
