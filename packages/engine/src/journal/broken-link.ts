/**
 * A link whose target cannot be reached: an archived segment on a disk that is not mounted.
 * @module
 */
import { existsSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** What a path that cannot be read is a link to, in words; `undefined` for one that is no broken link. */
export function brokenLink(path: string): string | undefined {
  try {
    const target = resolve(dirname(path), readlinkSync(path));
    return existsSync(target) ? undefined : `it is a link to ${target}, which cannot be reached: is that disk mounted?`;
  } catch {
    return undefined;
  }
}
