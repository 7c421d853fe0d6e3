/**
 * Small files for the command to work on, each test in a directory of its own.
 * @module
 */
import { hash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];
process.on("exit", () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A new folder, removed when the process ends. */
export function newFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "calybris-cli-"));
  made.push(path);
  return path;
}

export class Sandbox {
  readonly path: string = newFolder();

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  write(name: string, content: string | Uint8Array): string {
    const file = this.at(name);
    writeFileSync(file, content);
    return file;
  }

  /** Nothing where there is no such file yet. */
  text(name: string): string {
    return existsSync(this.at(name)) ? readFileSync(this.at(name), "latin1") : "";
  }

  /** A key as it has to be: 32 bytes that only the owner may read. */
  writeKey(name: string, fill: number): string {
    const file = this.write(name, new Uint8Array(32).fill(fill));
    chmodSync(file, 0o600);
    return file;
  }

  /** Every file below a directory with a digest of its bytes, to see that nothing was changed. */
  contents(name: string): Readonly<Record<string, string>> {
    const directory = this.at(name);
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((file) => statSync(join(directory, file)).isFile())
      .sort();
    return Object.fromEntries(files.map((file) => [file, hash("sha256", readFileSync(join(directory, file)))]));
  }
}

const shared = {
  provider: "alpha",
  riskCeilingBps: 9_000,
  capabilities: ["fold"],
  regions: ["north"],
};

type Json = Readonly<Record<string, unknown>>;

/** Two candidates; the more expensive is the better one. */
export const CATALOG: Json = {
  name: "small",
  title: "Two candidates",
  epoch: 1,
  providers: ["alpha"],
  capabilities: ["fold"],
  regions: ["north"],
  tiers: ["low", "high"],
  candidates: [
    {
      id: 1,
      name: "grand",
      tier: "high",
      qualityBps: 9_000,
      latencyP95Ms: 400,
      inputPriceDollarsPerMillion: "10",
      outputPriceDollarsPerMillion: "30",
      ...shared,
    },
    {
      id: 2,
      name: "swift",
      tier: "low",
      qualityBps: 8_500,
      latencyP95Ms: 100,
      inputPriceDollarsPerMillion: "1",
      outputPriceDollarsPerMillion: "3",
      ...shared,
    },
  ],
};

export const POLICY: Json = {
  name: "sample",
  epoch: 1,
  catalog: CATALOG,
  riskHardLimitBps: 9_000,
  confidenceMinBps: 6_000,
  riskPenaltyMultiplierBps: 3_500,
  latencyPenaltyMicrocentsPerMs: 2,
  useCases: {
    default: { valueDollars: "0.34", riskBps: 100, confidenceBps: 9_000, qualityMinBps: 5_000, outputTokens: 500 },
  },
};

/** Rows as JSON Lines: small requests that cost little, large ones, and one that is too risky. */
export function rows(count: number): string {
  let text = "";
  for (let index = 0; index < count; index += 1)
    text += `${JSON.stringify({ inputTokens: 100 + index * 7, requested: "grand", ...(index % 10 === 9 ? { riskBps: 9_500 } : {}) })}\n`;
  return text;
}
