/**
 * Work on a disk that leaves no file open when it fails, wherever it fails: recovery is a long walk over many files, and
 * may be refused at each call.
 * @module
 */
import type { Disk, DiskFile } from "./disk.ts";

/** Does something with a disk. If it throws, whatever it had open is closed. */
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

/** The same object with some methods of its own; others are called on the object itself, which may have private fields. */
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

/** The caller needs the reason why the work failed. */
function closeQuietly(file: DiskFile): void {
  try {
    file.close();
  } catch {
    // It is as closed as it gets.
  }
}
