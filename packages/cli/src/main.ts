#!/usr/bin/env node
/**
 * The `calybris` command as a process.
 * @module
 */
import { EXIT, report, runCalybris } from "./program.ts";
import { processTerminal } from "./terminal/terminal.ts";

const words = process.argv.slice(2);
const terminal = processTerminal();
const exitCode = await runCalybris(words, terminal);
process.exitCode = await terminal.finish().then(
  () => exitCode,
  (error: unknown) => report(error, words, terminal),
);
// An interrupted replay may still wait for a pipe, which would keep the process alive.
if (exitCode === EXIT.interrupted) process.exit();
