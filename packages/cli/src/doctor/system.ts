/**
 * System checks of `calybris doctor`: runtime, clock, port, file descriptors, certificate.
 * @module
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Config } from "@calybris/gateway";
import type { Finding } from "./finding.ts";
import { lastEntry } from "./last-entry.ts";

const NODE_MAJOR_MIN = 22;

export function checkNode(): Finding {
  const found = `Node ${process.versions.node}, ${process.arch}`;
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= NODE_MAJOR_MIN) return { check: "runtime", verdict: "ok", found };
  return { check: "runtime", verdict: "bad", found, remedy: `Use Node ${NODE_MAJOR_MIN} or later.` };
}

/** An earlier clock was never set: no version was built before this. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const AHEAD_MS_MAX = 60_000;
/** The engine refuses to start if the journal is further ahead of the clock. */
const REFUSED_MS = 5 * 60_000;
/** A start warns after a longer gap. */
const IDLE_MS_MAX = 7 * 86_400_000;

/** Checks the clock. While it is behind the journal, the time of entries does not advance, because it never goes back. */
export async function checkClock({ journal }: Config): Promise<Finding> {
  const check = "clock";
  const now = Date.now();
  const found = new Date(now).toISOString();
  const remedy = "Set the clock, and keep it set (chrony, systemd-timesyncd).";
  if (now < EARLIEST_MS) return { check, verdict: "bad", found, remedy };
  const entry = await lastEntry(journal.directory);
  const last = entry === undefined ? undefined : entry.head.at / 1_000;
  if (last !== undefined && now - last > IDLE_MS_MAX)
    return {
      check,
      verdict: "warn",
      found: `${found}, and the last entry is of ${new Date(last).toISOString()}`,
      remedy:
        "Check that the clock does not run ahead: it looks like a long pause, and entries keep their time for good.",
    };
  if (last === undefined || last - now <= AHEAD_MS_MAX) return { check, verdict: "ok", found };
  return {
    check,
    verdict: last - now > REFUSED_MS ? "bad" : "warn",
    found: `${found}, and the journal is already at ${new Date(last).toISOString()}`,
    remedy: `${remedy} If it is right and had run ahead before: \`calybris journal repair-clock\`.`,
  };
}

export function checkPort({ listen }: Config): Promise<Finding> {
  const check = "port";
  const { host, port } = listen;
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      const remedy =
        error.code === "EACCES"
          ? "Ports below 1024 take a privilege; choose a higher one, and let a proxy have the low one."
          : "Choose another `--port`, or stop what listens there.";
      resolve({ check, verdict: "bad", found: error.message, remedy });
    });
    server.listen(port, host, () => {
      server.close(() => resolve({ check, verdict: "ok", found: `${host} port ${port} is free` }));
    });
  });
}

/** Descriptors for the files and sockets of the service itself. */
const OWN_DESCRIPTORS = 64;

export function checkDescriptors({ limits }: Config): Finding {
  const check = "open files";
  const most = descriptorsMax();
  if (most === undefined) return { check, verdict: "ok", found: "not reported by this system" };
  const needed = limits.connectionsMax + OWN_DESCRIPTORS;
  const found = `${most} for ${limits.connectionsMax} connections`;
  if (most >= needed) return { check, verdict: "ok", found };
  return { check, verdict: "warn", found, remedy: `Allow ${needed} (ulimit -n), or lower limits.connectionsMax.` };
}

function descriptorsMax(): number | undefined {
  try {
    const most = /^Max open files\s+([0-9]+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return most === undefined ? undefined : Number(most);
  } catch {
    return undefined;
  }
}

const SOON_MS = 14 * 24 * 3_600_000;

export function checkTls({ tls }: Config): readonly Finding[] {
  if (tls.certificateFile === undefined) return [];
  const check = "certificate";
  try {
    const { subject, validTo } = new X509Certificate(readFileSync(tls.certificateFile));
    const leftMs = Date.parse(validTo) - Date.now();
    const verdict = leftMs <= 0 ? "bad" : leftMs < SOON_MS ? "warn" : "ok";
    return [{ check, verdict, found: `${subject.replaceAll("\n", ", ")}, until ${validTo}`, remedy: "Renew it." }];
  } catch (error) {
    return [{ check, verdict: "bad", found: (error as Error).message, remedy: "Give a PEM certificate." }];
  }
}
