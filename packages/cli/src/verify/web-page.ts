/**
 * The page of `@calybris/console` that verifies a journal in a browser.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CalybrisError } from "@calybris/kernel";

/** @throws CalybrisError `CAL_INPUT_UNREADABLE` in a checkout without the built page. */
export async function verifyPage(): Promise<string> {
  const file = fileURLToPath(import.meta.resolve("@calybris/console/verify.html"));
  if (!existsSync(file))
    throw new CalybrisError("CAL_INPUT_UNREADABLE", {
      file,
      problem: "it is not built yet: run `npm run build:console`",
    });
  return readFileSync(file, "utf8");
}
