/**
 * What a PromQL query reads, found by Prometheus' own grammar.
 * @module
 */
import { parser } from "@prometheus-io/lezer-promql";

export interface Selector {
  readonly metric: string;
  readonly labels: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** The selectors of a query. @throws an error that quotes what is not PromQL. */
export function selectorsOf(query: string): readonly Selector[] {
  const text = query.replaceAll("$__rate_interval", "5m").replaceAll(/\$(job|instance)/g, "$1");
  const selectors: { metric: string; labels: Selector["labels"][number][] }[] = [];
  let label = "";
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      const part = text.slice(from, to);
      if (type.isError)
        throw new Error(`not PromQL at ${from}: ${JSON.stringify(text.slice(from, from + 30))} in ${text}`);
      if (type.name === "VectorSelector") selectors.push({ metric: "", labels: [] });
      const selector = selectors.at(-1);
      if (selector === undefined) return;
      if (type.name === "Identifier") selector.metric = part;
      if (type.name === "LabelName") label = part;
      if (type.name === "StringLiteral") selector.labels.push({ name: label, values: part.slice(1, -1).split("|") });
    },
  });
  return selectors;
}
