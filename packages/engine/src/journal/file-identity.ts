/**
 * Files by identity, device and inode, because a name may refer to another file at the next call.
 * @module
 */
import { type BigIntStats, statSync } from "node:fs";

export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

export function identityOf(stats: BigIntStats): FileIdentity {
  return { device: stats.dev, inode: stats.ino };
}

/** The file that a name refers to; `undefined` if it does not exist. */
export function identify(path: string): FileIdentity | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : identityOf(stats);
}

export function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && other !== undefined && one.inode === other.inode && one.device === other.device;
}
