/**
 * The mathematics of learning, offline: tables of labelled requests, priors fitted on them, risk certified on them, and
 * policies judged on them. It touches neither disk nor network.
 * @module
 */
export * from "./table.ts";
