/**
 * Disk work that leaves no file open when it fails: recovery reads many files, and any call may fail.
 * @module
 */
import type { Disk, DiskFile } from "./disk.ts";

/** Runs work on a disk. If it throws, every file that it opened is closed. */
export function closingFiles<T>(disk: Disk, work: (disk: Disk) => T): T {
  const open = new Set<DiskFile>();
  try {
    return work(watched(disk, open));
  } catch (error) {
    for (const file of open) closeQuietly(file);
    throw error;
  }
}

function watched(disk: Disk, open: Set<DiskFile>): Disk {
  return overriding(disk, {
    open: (...name) => {
      const file = disk.open(...name);
      if (file === undefined) return undefined;
      open.add(file);
      return overriding(file, {
        close: () => {
          open.delete(file);
          file.close();
        },
      });
    },
  });
}

/** An object with some methods replaced; the others are called on the object itself, which may have private fields. */
function overriding<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get: (target, key) => {
      const own = methods[key as keyof T];
      if (own !== undefined) return own;
      const value = target[key as keyof T];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Ignores errors: the caller needs the reason that the work failed. */
function closeQuietly(file: DiskFile): void {
  try {
    file.close();
  } catch {
    // The file cannot be closed any better.
  }
}
