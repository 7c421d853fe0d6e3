/**
 * All data sets by name, with their descriptions.
 * @module
 */
import type { Table } from "@calybris/learning";
import { californiaHousing } from "./california-housing.ts";
import { covtype } from "./covtype.ts";
import { flights } from "./flights.ts";
import { kdd99 } from "./kdd99.ts";
import { mmluPro } from "./mmlu-pro.ts";
import { routeLlm } from "./routellm.ts";
import { routerBench } from "./routerbench.ts";
import { routerDc7 } from "./routerdc.ts";
import type { DataPlace } from "./set-file.ts";
import { sp500 } from "./sp500.ts";

export interface DataSet {
  readonly name: string;
  /** The meaning of a request, and the condition under which premium was needed. */
  readonly about: string;
  readonly load: (place: DataPlace) => Promise<Table>;
  /** The published floor for the set's use case, shown beside the floor derived from the set. */
  readonly useCase: string;
}

const question = "a question; needed: the premium tier is right where the cheap one is wrong";

/** In the order of the reports. */
export const DATA_SETS: readonly DataSet[] = [
  {
    name: "kdd99",
    useCase: "security",
    about: "a connection; needed: it is an attack",
    load: (place) => kdd99(place, { unique: false }),
  },
  {
    name: "kdd99-unique",
    useCase: "security",
    about: "as kdd99, copies left out",
    load: (place) => kdd99(place, { unique: true }),
  },
  {
    name: "sp500",
    useCase: "trading",
    about: "a trading day of a stock; needed: it moves by more than 2 % on the next",
    load: sp500,
  },
  {
    name: "covtype",
    useCase: "default",
    about: "a forest cell; needed: the usual cover of its area is wrong",
    load: covtype,
  },
  {
    name: "california-housing",
    useCase: "analysis",
    about: "a district; needed: its region's median is off by more than 20 %",
    load: californiaHousing,
  },
  { name: "flights", useCase: "default", about: "a flight; needed: it is 15 minutes late", load: flights },
  { name: "mmlu-pro-gemini", useCase: "default", about: question, load: (place) => mmluPro(place, "gemini") },
  { name: "mmlu-pro-llama", useCase: "default", about: question, load: (place) => mmluPro(place, "llama") },
  { name: "routellm-mmlu", useCase: "default", about: question, load: (place) => routeLlm(place, "mmlu") },
  { name: "routellm-gsm8k", useCase: "analysis", about: question, load: (place) => routeLlm(place, "gsm8k") },
  { name: "routerbench", useCase: "default", about: question, load: (place) => routerBench(place, "two") },
  {
    name: "routerbench-8",
    useCase: "default",
    about: `${question}; eight tiers`,
    load: (place) => routerBench(place, "eight"),
  },
  {
    name: "routerdc7",
    useCase: "default",
    about: "a question; seven tiers of one price, judged by accuracy",
    load: routerDc7,
  },
];

export function dataSetNamed(name: string): DataSet | undefined {
  return DATA_SETS.find((set) => set.name === name);
}
