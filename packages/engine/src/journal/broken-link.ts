/**
 * A link whose target cannot be reached: an archived segment on a disk that is not mounted.
 * @module
 */
import { existsSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The target of a broken link, as error text; `undefined` if the path is not a broken link. */
export function brokenLink(path: string): string | undefined {
  try {
    const target = resolve(dirname(path), readlinkSync(path));
    return existsSync(target) ? undefined : `it is a link to ${target}, which cannot be reached: is that disk mounted?`;
  } catch {
    return undefined;
  }
}
