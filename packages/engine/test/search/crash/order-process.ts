import { Engine } from "../../../src/engine.ts";
import { sampleSnapshot } from "../../support/sample-snapshot.ts";

// Decides through the real threads, alone and in crowds, and says at which nanosecond each answer came.
const [directory = "", count = "0"] = process.argv.slice(2);
const engine = await Engine.open({ directory, policy: sampleSnapshot(), segmentBytesMax: 100_000 });
const answers: string[] = [];
const decide = async (index: number): Promise<void> => {
  const { sequence } = await engine.decide({ requestId: `r${index}`, inputTokens: index + 1, requested: "better" });
  answers.push(`${sequence} ${process.hrtime.bigint()}`);
};
const CROWDS = [1, 7, 200, 1, 1, 3_000];
let round = 0;
for (let next = 0; next < Number(count); ) {
  const together = CROWDS[round++ % CROWDS.length] as number;
  await Promise.all(Array.from({ length: together }, (_, index) => decide(next + index)));
  next += together;
}
await engine.close();
process.stdout.write(answers.join("\n"));
