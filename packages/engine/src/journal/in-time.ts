/**
 * Waiting for a disk that may never answer.
 * @module
 */

/** A close waits no longer. */
export const CLOSE_MS = 10_000;

/** Whether it came to an end within the time that a close may take. */
export async function inTime(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CLOSE_MS);
  });
  const isInTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isInTime;
}
