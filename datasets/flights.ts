/**
 * 20,000 flights in the United States in the first quarter of 2001, in the order of departure. The file comes with the
 * package `vega-datasets`, so it is available from npm.
 *
 * A request is a flight; premium was needed if it was 15 minutes late or more. US Bureau of Transportation Statistics,
 * public domain.
 * @module
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { readFileBytes } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { type Table, TableBuilder } from "@calybris/learning";
import { type DataPlace, outcomeBps, PLAIN_COSTS_MICROCENTS } from "./set-file.ts";

const FILE = "flights-20k.json";
const SHA256 = "52f0ddd892d4569284b845e17323abc9afb7d303ec8f63251634a20327a610bb";
const LATE_MINUTES = 15;
const FEATURES = ["minuteOfDay", "weekday", "dayOfQuarter", "distance", "origin", "destination"];

interface Flight {
  /** `2001/01/31 06:55`. */
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

/**
 * @throws CalybrisError `CAL_DATA_MISSING` if no file is named and `vega-datasets` is not installed.
 */
export async function flights(place: DataPlace): Promise<Table> {
  const file = place.file ?? installedFile();
  const bytes = await readFileBytes(file);
  if (place.file === undefined && createHash("sha256").update(bytes).digest("hex") !== SHA256)
    throw new Error(`${FILE} is not the one of vega-datasets 3.2.1`);
  const all = JSON.parse(Buffer.from(bytes).toString("utf8")) as readonly Flight[];
  const airports = [...new Set(all.flatMap(({ origin, destination }) => [origin, destination]))].sort();
  const codes = new Map(airports.map((airport, code) => [airport, code]));
  const builder = new TableBuilder("flights", FEATURES, ["as usual", "with care"], all.length);
  for (const { date, delay, distance, origin, destination } of all.toSorted((a, b) =>
    a.date < b.date ? -1 : a.date > b.date ? 1 : 0,
  )) {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = date.split(/[/ :]/).map(Number);
    const at = Date.UTC(year, month - 1, day);
    builder.add({
      features: [
        hour * 60 + minute,
        new Date(at).getUTCDay(),
        (at - Date.UTC(year, 0, 1)) / 86_400_000,
        distance,
        codes.get(origin) ?? 0,
        codes.get(destination) ?? 0,
      ],
      category: origin,
      outcomesBps: [outcomeBps(delay < LATE_MINUTES), outcomeBps(true)],
      costsMicrocents: PLAIN_COSTS_MICROCENTS,
    });
  }
  return builder.finish({ isInTimeOrder: true });
}

/** The package is large and optional: the other sets do not need it. */
function installedFile(): string {
  try {
    return fileURLToPath(new URL(`../data/${FILE}`, import.meta.resolve("vega-datasets")));
  } catch {
    const problem = "the package vega-datasets is not installed: npm install vega-datasets@3.2.1";
    throw new CalybrisError("CAL_DATA_MISSING", { set: "flights", problem });
  }
}
