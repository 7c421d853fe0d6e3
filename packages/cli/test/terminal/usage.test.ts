import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { calybris as program } from "../../src/program.ts";
import { calybris, capturedTerminal } from "../support/captured-terminal.ts";

const tree = await program(capturedTerminal());

test("a command is loaded alone by its name, and is the one that the whole tree has", async () => {
  const names = tree.commands.map((command) => command.name());
  expect(names.length).toBeGreaterThan(30);
  const alone = names.filter((name) => name !== "completion");
  for (const name of alone) {
    const { commands } = await program(capturedTerminal(), name);
    expect(commands.map((command) => command.name())).toEqual([name]);
  }
  for (const word of ["completion", "help", "frob", "--version", "toString"])
    expect((await program(capturedTerminal(), word)).commands.map((command) => command.name())).toEqual(names);
});

describe("--help", () => {
  const commandLines = (command: Command, path: readonly string[] = []): string[][] => [
    [...path],
    ...command.commands.flatMap((inner) => commandLines(inner, [...path, inner.name()])),
  ];

  test.each(commandLines(tree).map((words) => [words.join(" "), words] as const))(
    "of calybris %s lists every argument and option",
    async (_name, words) => {
      const { exit, out, complaints } = await calybris(...words, "--help");
      expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
      expect(out).toContain(`Usage: ${["calybris", ...words].join(" ")}`);
      const command = words.reduce((at, word) => at.commands.find((inner) => inner.name() === word) ?? at, tree);
      for (const { long, description } of command.options) {
        expect(out).toContain(long);
        expect(description).not.toBe("");
      }
      for (const argument of command.registeredArguments) expect(argument.description).not.toBe("");
      const optionLines = out.split("\n").filter((line) => /^(?: {2}-| {20})/.test(line));
      // A name of an environment variable is one word, and may reach beyond.
      const isWrapped = (line: string): boolean =>
        line.length <= 80 || !/\S \S/.test(line.replace(/^ {2}-.*? {2,}/, ""));
      expect(optionLines.filter((line) => !isWrapped(line))).toEqual([]);
    },
  );

  test.each([
    [["frob"]],
    [["verify", "x", "--journal", "y"]],
    [["show"]],
    [["replay", "--policy", "x"]],
    [["show", "--journal", "x", "0"]],
    [["show", "--journal", "x", "1.5"]],
    [["tail", "--journal", "x", "-n", "-1"]],
    [["replay", "--policy", "p", "--requests", "r", "--journal", "j", "--concurrency", "0"]],
    [["policy", "set", "x", "--by", " "]],
    [["decide", "--frob"]],
  ])("bad usage %j ends with 2 and says how to get help", async (words) => {
    const { exit, out, complaints } = await calybris(...words);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(complaints).toContain("error: ");
    expect(complaints).toContain("--help");
  });

  test("without a word the command says where to begin, on five lines", async () => {
    const { exit, out, complaints } = await calybris();
    expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
    expect(out.split("\n").filter((line) => line !== "")).toHaveLength(5);
    for (const word of ["savings", "init", "serve", "--help"]) expect(out).toContain(`calybris ${word}`);
  });

  test.each([
    [["ledger", "shw"], "calybris ledger", "unknown command 'shw'. Did you mean show?"],
    [["verfy"], "calybris", "unknown command 'verfy'. Did you mean verify?"],
    [["show", "3", "--jurnal", "x"], "calybris show", "unknown option '--jurnal'. Did you mean --journal?"],
    [
      ["key", "create", "--name", "app", "--scopes", "decide"],
      "calybris key create",
      "unknown option '--scopes'. Did you mean --scope?",
    ],
    [["key", "create", "--name", "app"], "calybris key create", "required option '--scope <scope...>' not specified"],
    [["show", "x", "3"], "calybris show", expect.stringContaining("Name the journal with --journal.")],
    [["show", "x"], "calybris show", expect.stringContaining("argument 'x' is invalid")],
    [
      ["ledger", "reconcile", "3-00000000", "--complete-until", "1h"],
      "ledger reconcile",
      expect.stringContaining("--complete-until needs --usage-export"),
    ],
    [["ledger"], "calybris ledger", expect.stringMatching(/^missing subcommand: one of apply, grant, /)],
  ])("bad usage %j is reported as one line of JSON where JSON was asked for", async (words, command, problem) => {
    const { exit, out, complaints } = await calybris(...words, "--json");
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    const { error } = JSON.parse(complaints) as { error: { code: string; details: object } };
    expect(error).toMatchObject({ code: "CAL_USAGE_INVALID", details: { command, problem } });
  });
});
