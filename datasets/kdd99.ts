/**
 * KDD Cup 1999, network intrusion, the 10 percent training set: 494,021 connections in the order of recording.
 *
 * A request is a connection. The cheap tier lets it pass, and is right unless it is an attack; the premium tier inspects it,
 * and is always right. UCI KDD Archive (MIT Lincoln Labs, DARPA 1998), CC BY 4.0.
 * @module
 */
import { type Table, TableBuilder } from "@calybris/learning";
import { type DataPlace, outcomeBps, PLAIN_COSTS_MICROCENTS, setText } from "./set-file.ts";

const FILE = {
  set: "kdd99",
  path: "kdd99/kddcup.data_10_percent.gz",
  sha256: "7bfaa8cef1350f72842018c32893e2fa4539d57efbb22f998eb74ecefc3da3b4",
} as const;

const COLUMN_COUNT = 42;
const PROTOCOLS = ["icmp", "tcp", "udp"];
const FLAGS = ["OTH", "REJ", "RSTO", "RSTOS0", "RSTR", "S0", "S1", "S2", "S3", "SF", "SH"];
/** The column of each feature, and its conversion to an integer. */
const FEATURES: readonly (readonly [name: string, column: number, read: (cell: string) => number])[] = [
  ["durationLog", 0, logarithm],
  ["protocol", 1, (cell) => PROTOCOLS.indexOf(cell)],
  ["flag", 3, (cell) => FLAGS.indexOf(cell)],
  ["flagFinished", 3, (cell) => Number(cell === "SF")],
  ["flagUnanswered", 3, (cell) => Number(cell === "S0")],
  ["flagRefused", 3, (cell) => Number(cell === "REJ")],
  ["sourceBytesLog", 4, logarithm],
  ["sourceBytes", 4, whole],
  ["destinationBytesLog", 5, logarithm],
  ["land", 6, whole],
  ["wrongFragments", 7, whole],
  ["urgent", 8, whole],
  ["hot", 9, whole],
  ["failedLogins", 10, whole],
  ["loggedIn", 11, whole],
  ["compromised", 12, whole],
  ["rootShell", 13, whole],
  ["suAttempted", 14, whole],
  ["rootAccesses", 15, whole],
  ["fileCreations", 16, whole],
  ["shells", 17, whole],
  ["accessFiles", 18, whole],
  ["guestLogin", 21, whole],
  ["count", 22, whole],
  ["serviceCount", 23, whole],
  ["synErrorPercent", 24, percent],
  ["serviceSynErrorPercent", 25, percent],
  ["refusedPercent", 26, percent],
  ["serviceRefusedPercent", 27, percent],
  ["sameServicePercent", 28, percent],
  ["otherServicePercent", 29, percent],
  ["serviceOtherHostPercent", 30, percent],
  ["hostCount", 31, whole],
  ["hostServiceCount", 32, whole],
  ["hostSameServicePercent", 33, percent],
  ["hostOtherServicePercent", 34, percent],
  ["hostSamePortPercent", 35, percent],
  ["hostServiceOtherHostPercent", 36, percent],
  ["hostSynErrorPercent", 37, percent],
  ["hostServiceSynErrorPercent", 38, percent],
  ["hostRefusedPercent", 39, percent],
  ["hostServiceRefusedPercent", 40, percent],
];

function whole(cell: string): number {
  return Math.min(Number(cell), 2_147_483_647);
}

function percent(cell: string): number {
  return Math.round(Number(cell) * 100);
}

/** In sixteenths of a doubling, because bytes and seconds span nine powers of ten. */
function logarithm(cell: string): number {
  return Math.round(16 * Math.log2(1 + Number(cell)));
}

/** All connections, or only the first of those with equal values in all 42 columns (75 % are copies). */
export async function kdd99(place: DataPlace, options: { readonly unique: boolean }): Promise<Table> {
  const text = await setText(FILE, place);
  const name = options.unique ? "kdd99-unique" : "kdd99";
  const builder = new TableBuilder(
    name,
    FEATURES.map(([feature]) => feature),
    ["pass", "inspect"],
    500_000,
  );
  const seen = new Set<string>();
  const features = new Array<number>(FEATURES.length);
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (options.unique) {
      const before = seen.size;
      if (seen.add(line).size === before) {
        builder.leaveOut("a copy of an earlier row");
        continue;
      }
    }
    const cells = line.split(",");
    if (cells.length !== COLUMN_COUNT)
      throw new Error(`a row of KDD has ${cells.length} columns: ${line.slice(0, 80)}`);
    FEATURES.forEach(([, column, read], at) => {
      features[at] = read(cells[column] ?? "");
    });
    const isAttack = cells[41] !== "normal.";
    builder.add({
      features,
      category: cells[2] ?? "",
      outcomesBps: [outcomeBps(!isAttack), outcomeBps(true)],
      costsMicrocents: PLAIN_COSTS_MICROCENTS,
    });
  }
  return builder.finish({ isInTimeOrder: true });
}
