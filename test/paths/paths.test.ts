import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Walked } from "./walk.ts";

const ROOT = `${import.meta.dirname}/../../`;
const PAGE = `${ROOT}docs/paths.md`;

/** The vocabulary that every flow speaks, and what depends on when the disk answers. */
const LEFT_OUT = [
  /^kernel\/src\/(?:base64url|bytes|exact-json|invariant|json-[a-z-]+|names|strict-json|text-cursor|units)\.ts#/,
  /^engine\/src\/journal\/(?:[a-z]+\/)?(?:result-watch|results|shared-memory|thread-driver)\.ts#/,
  /#constructor$/,
  /[sS]eal/,
];

const INTRODUCTION = `# Paths

For developers who change the engine. Each section is one command of one flow, and lists the functions it passed, by file, in
the order of first calls. The lists are recorded from a run, so they show the code as it is. Left out are the kernel's
vocabulary (units, bytes, JSON) and the wait for the disk.

A test holds this page equal to a run; \`UPDATE_DOCS=1 npx vitest run test/paths\` writes it.
`;

let walked: readonly Walked[] | undefined;

// When the disk answers decides whether a function is first called before or after another: a run may differ from the page.
test("docs/paths.md shows the paths that requests take through the flows", { retry: 4 }, () => {
  walked = walk();
  const page = pageOf(walked);
  expect(page, "a timer's sweep fell into the run").not.toMatch(/\bsweep\b/);
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8")).toBe(page);
});

test("a decision passes recall, intake, the kernel, the ledger and the journal, in this order", () => {
  const passed = (walked ?? walk())[0]?.passed ?? [];
  const order = [
    /request-ids\.ts#mayHold$/,
    /#resolveRequest$/,
    /flows\/decide\.ts##prescribeInto$/,
    /#requireConsistent$/,
    /#layInto$/,
    /ledger\/ledger\.ts#apply$/,
  ];
  const places = order.map((step) => passed.findIndex((name) => step.test(name)));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

function walk(): readonly Walked[] {
  const hooks = ["--disable-warning=ExperimentalWarning", "--import", `${import.meta.dirname}/trace-hooks.ts`];
  return JSON.parse(
    execFileSync(process.execPath, [...hooks, `${import.meta.dirname}/walk.ts`], { encoding: "utf8" }),
  ) as readonly Walked[];
}

function pageOf(walked: readonly Walked[]): string {
  const sections = walked.map(
    ({ flow, command, passed }) => `\n## ${flow}: \`${command}\`\n\n\`\`\`text\n${listOf(passed)}\n\`\`\`\n`,
  );
  return INTRODUCTION + sections.join("");
}

/** A line for each run of functions in one file. */
function listOf(passed: readonly string[]): string {
  const lines: { readonly file: string; readonly names: string[] }[] = [];
  for (const call of passed.filter((name) => !LEFT_OUT.some((pattern) => pattern.test(name)))) {
    const [file = "", name = ""] = call.split(/#(.*)/s);
    const last = lines.at(-1);
    if (last?.file === file) last.names.push(name.replace("#", ""));
    else lines.push({ file, names: [name.replace("#", "")] });
  }
  const width = Math.max(...lines.map(({ file }) => file.length));
  return lines.map(({ file, names }) => `${file.padEnd(width)}  ${names.join(", ")}`).join("\n");
}
