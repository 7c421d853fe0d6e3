/** What Prometheus reads of a scrape: the text format 0.0.4, each sample once, in families that are declared first. */

export type Samples = ReadonlyMap<string, number>;

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \S.*$/;
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/;
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(
  `^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{${LABEL}(?:,${LABEL})*\\})? (-?[0-9.]+(?:e[-+]?[0-9]+)?|NaN)$`,
);

/** Values by name and labels, as they are written. @throws an error that quotes what is not of the format. */
export function samplesOf(text: string): Samples {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const samples = new Map<string, number>();
  const declared = new Set<string>();
  let family = "";
  let type = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const help = HELP.exec(line)?.[1];
    if (help !== undefined) {
      if (declared.has(help)) throw new Error(`${help} is declared twice`);
      declared.add(help);
      [family, type] = [help, ""];
      continue;
    }
    const typed = TYPE.exec(line);
    if (typed !== null && typed[1] === family && type === "") {
      type = typed[2] ?? "";
      continue;
    }
    const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
    const of = type === "histogram" ? name.replace(/_(?:bucket|sum|count)$/, "") : name;
    if (name === "" || of !== family || type === "") throw new Error(`no sample of ${family}: ${line}`);
    if (samples.has(name + labels)) throw new Error(`a sample twice: ${line}`);
    samples.set(name + labels, Number(value));
  }
  return samples;
}
