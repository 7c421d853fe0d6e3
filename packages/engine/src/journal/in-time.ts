/**
 * Waits with a bound for a disk that may never answer.
 * @module
 */

/** Longest wait of a close. */
export const CLOSE_MS = 10_000;

/** Whether the work ended within {@link CLOSE_MS}. */
export async function inTime(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CLOSE_MS);
  });
  const isInTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isInTime;
}
